/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registries of special addresses (RFC 6890 and its successors) as prefixes. IPv6 is the other way round: what is not in 2000::/3 is
 * not public.
 */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static enum address_kind kind_of_four(uint32_t address)
{
	static const struct {
		uint32_t network;
		int bits;
	} special[] = { { 0x0a000000, 8 }, { 0x64400000, 10 }, { 0xa9fe0000, 16 }, { 0xac100000, 12 }, { 0xc0000000, 24 },
		{ 0xc0000200, 24 }, { 0xc0586300, 24 }, { 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 },
		{ 0xe0000000, 3 } };

	if (address >> 24 == 127 || address >> 24 == 0)
		return ADDRESS_LOOPBACK;
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if ((address ^ special[i].network) >> (32 - special[i].bits) == 0)
			return ADDRESS_PRIVATE;
	return ADDRESS_PUBLIC;
}

static uint32_t four_at(const unsigned char *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

static enum address_kind kind_of_six(const unsigned char octets[16])
{
	static const unsigned char zero[12], mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0, 0x64, 0xff, 0x9b };

	if (memcmp(octets, mapped, 12) == 0 || memcmp(octets, nat64, 12) == 0)
		return kind_of_four(four_at(octets + 12));
	if (memcmp(octets, zero, 12) == 0 && four_at(octets + 12) <= 1)
		return ADDRESS_LOOPBACK;
	/* 2001::/23 (Teredo and other special uses), documentation, 6to4 */
	if (octets[0] >> 5 != 1 || (four_at(octets) & 0xfffffe00) == 0x20010000 || four_at(octets) == 0x20010db8 ||
		four_at(octets) >> 16 == 0x2002 || (four_at(octets) & 0xfffff000) == 0x3fff0000)
		return ADDRESS_PRIVATE;
	return ADDRESS_PUBLIC;
}

enum address_kind address_kind(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return kind_of_four(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return kind_of_six(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
	return ADDRESS_PRIVATE;
}
