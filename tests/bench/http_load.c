/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The load of the web benches: clients that ask for one page after another over connections that stay open.
 *
 *	http_load PORT CONNECTIONS SECONDS PATHS
 *
 * PATHS is a file with a path a line; they are asked for in turns. Each connection says in X-Forwarded-For that it is another client, as a
 * proxy does. Anything but a 200 with a body of the length that was announced ends it with status 1. Prints "REQUESTS SECONDS RATE P50us
 * P99us BYTES", BYTES being the mean length of a body.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	IN = 256 * 1024,
	PATHS_MOST = 4096,
	TIMES_MOST = 4000000
};

struct client {
	int fd, number;
	double start;
	size_t have, whole; /* whole: 0 as long as the head is not there */
	char in[IN + 1];
};

static char *paths[PATHS_MOST];
static size_t path_count, asked, answered, bytes, time_count;
static double *times;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "%s: %.200s\n", what, text);
	exit(1);
}

static void ask(struct client *client)
{
	char text[512];
	int length = snprintf(text, sizeof text,
		"GET %s HTTP/1.1\r\nHost: mentoring.example.org\r\nX-Forwarded-For: 10.0.%d.%d\r\nAccept: text/html\r\nAccept-Language: en\r\n\r\n",
		paths[asked++ % path_count], client->number / 250, client->number % 250 + 1);

	client->start = now();
	client->have = client->whole = 0;
	if (send(client->fd, text, (size_t)length, MSG_NOSIGNAL) != length)
		fail("a request was not taken", text);
}

static void read_head(struct client *client)
{
	const char *end = strstr(client->in, "\r\n\r\n"), *length = strcasestr(client->in, "\r\nContent-Length:");

	if (!end)
		return;
	if (strncmp(client->in, "HTTP/1.1 200 ", 13) != 0 || !length || length > end)
		fail("no page came", client->in);
	client->whole = (size_t)(end - client->in) + 4 + (size_t)atol(length + 17);
	bytes += (size_t)atol(length + 17);
}

static void hear(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->have, IN - client->have, 0);

	if (n <= 0)
		fail("the connection was closed", "");
	client->have += (size_t)n;
	client->in[client->have] = 0;
	if (!client->whole)
		read_head(client);
	if (!client->whole || client->have < client->whole)
		return;
	if (client->have > client->whole)
		fail("more came than was announced", client->in);
	answered++;
	if (time_count < TIMES_MOST)
		times[time_count++] = now() - client->start;
	ask(client);
}

static void read_paths(const char *name)
{
	FILE *file = fopen(name, "r");
	char line[400];

	while (file && path_count < PATHS_MOST && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = 0;
		paths[path_count++] = strdup(line);
	}
	if (!path_count)
		fail("no paths", name);
	fclose(file);
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int count = argc == 5 ? atoi(argv[2]) : 0, loop = epoll_create1(0);
	double begin, took;

	if (count < 1 || !(times = malloc(TIMES_MOST * sizeof *times)))
		return 2;
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	read_paths(argv[4]);
	for (int i = 0; i < count; i++) {
		struct client *client = calloc(1, sizeof *client);
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };

		if (!client)
			abort();
		client->fd = socket(AF_INET, SOCK_STREAM, 0);
		client->number = i;
		setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
		if (connect(client->fd, (struct sockaddr *)&address, sizeof address) || epoll_ctl(loop, EPOLL_CTL_ADD, client->fd, &event))
			fail("no connection", argv[1]);
		ask(client);
	}
	begin = now();
	while (now() - begin < atof(argv[3])) {
		struct epoll_event events[64];
		int n = epoll_wait(loop, events, 64, 1000);

		if (n == 0)
			fail("no answer within a second", "");
		for (int i = 0; i < n; i++)
			hear(events[i].data.ptr);
	}
	took = now() - begin;
	qsort(times, time_count, sizeof *times, by_time);
	printf("%zu %.3f %.1f %.0f %.0f %zu\n", answered, took, (double)answered / took, times[time_count / 2] * 1e6,
		times[time_count * 99 / 100] * 1e6, answered ? bytes / (answered + 1) : 0);
	return 0;
}
