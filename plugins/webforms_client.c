/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * webforms_client.c - who asks, without keeping who it was.
 *
 * Wrong tokens and connections are counted by client. The key is a hash of the network address under a key that this process draws
 * at its start and never writes down, so nobody can turn a key back into an address. Behind a proxy every peer is the proxy; then the
 * last address of X-Forwarded-For counts: the one which the proxy itself has seen, all before it may be invented.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "webforms.h"

struct address {
	unsigned char family, bytes[16];
};

/* A whole IPv4 address, the network of an IPv6 one: whoever has one has the other 2^64 too. */
static struct address address_of(const struct sockaddr *peer)
{
	struct address address = { .family = (unsigned char)peer->sa_family };

	if (peer->sa_family == AF_INET)
		memcpy(address.bytes, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
	if (peer->sa_family == AF_INET6)
		memcpy(address.bytes, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, 8);
	return address;
}

/* The last entry of the header; false if it is no address. */
static bool last_forwarded(const char *forwarded, struct address *ret_address)
{
	const char *last = strrchr(forwarded, ',');
	struct address address = { 0 };
	char text[INET6_ADDRSTRLEN] = "";
	unsigned char bytes[16];

	last = last ? last + 1 : forwarded;
	if (sscanf(last, " [%45[0-9a-fA-F.:]]", text) != 1 && sscanf(last, " %45[0-9a-fA-F.:]", text) != 1)
		return false;
	if (inet_pton(AF_INET6, text, bytes) == 1) {
		address.family = AF_INET6;
		memcpy(address.bytes, bytes, 8);
	} else {
		text[strcspn(text, ":")] = 0;
		if (inet_pton(AF_INET, text, bytes) != 1)
			return false;
		address.family = AF_INET;
		memcpy(address.bytes, bytes, 4);
	}
	*ret_address = address;
	return true;
}

bool web_proxy_trusts(const struct web_proxy *proxy, const struct sockaddr *peer)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (proxy->any)
		return true;
	if (peer->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, text, sizeof text);
	if (peer->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, text, sizeof text);
	return text[0] && strcmp(text, proxy->address) == 0;
}

void web_client(const struct web_proxy *proxy, const struct sockaddr *peer, const char *forwarded, char ret_client[WEB_CLIENT_SIZE])
{
	unsigned char hash[(WEB_CLIENT_SIZE - 1) / 2];
	struct address address;

	if (!forwarded || !last_forwarded(forwarded, &address))
		address = address_of(peer);
	crypto_generichash(hash, sizeof hash, (const unsigned char *)&address, sizeof address, proxy->key, sizeof proxy->key);
	sodium_bin2hex(ret_client, WEB_CLIENT_SIZE, hash, sizeof hash);
}
