/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What kind of network an address belongs to, so that a plugin speaks with those only that its settings allow.
 */
#ifndef MENTORSHIP_PLUGINS_ADDRESS_H
#define MENTORSHIP_PLUGINS_ADDRESS_H

#include <sys/socket.h>

enum address_kind {
	ADDRESS_PUBLIC,
	ADDRESS_LOOPBACK, /* this machine, also by its unspecified address */
	ADDRESS_PRIVATE   /* anything else: private, link-local, shared, reserved, multicast, no IP at all */
};

/* An IPv6 address that stands for one of IPv4 (mapped, NAT64) is what that one is; other tunnels count as private. */
enum address_kind address_kind(const struct sockaddr *);

#endif
