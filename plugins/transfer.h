/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libcurl's multi interface on a libevent base, for the plugins that speak with servers.
 *
 * The transfer owns the multi handle and an event for each socket that libcurl waits for. Whoever uses it owns the jobs: one easy handle
 * each, used again and again. Nothing here blocks.
 */
#ifndef MENTORSHIP_PLUGINS_TRANSFER_H
#define MENTORSHIP_PLUGINS_TRANSFER_H

#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>
#include <sys/socket.h>

struct transfer;

struct transfer_job {
	CURL *easy;
	void *data;
	bool runs; /* libcurl has it: from transfer_start to transfer_stop */
};

/* Of all jobs; both run on the loop. Whoever is told that a job is done stops it, or leaves its connection open (CURLOPT_CONNECT_ONLY). */
struct transfer_hooks {
	void (*done)(struct transfer_job *, CURLcode result);
	/* May a connection be made to this address, after the name was resolved? NULL: to any. */
	bool (*allowed)(void *data, const struct sockaddr *);
	void *data;
};

/* NULL if libcurl cannot. */
struct transfer *transfer_new(struct event_base *, const struct transfer_hooks *);
/* Gives a job its easy handle, with what every transfer needs; 0, or -1. */
int transfer_job_init(struct transfer *, struct transfer_job *, void *data);
void transfer_start(struct transfer *, struct transfer_job *);
/* Takes a job back, done or not; does nothing if it does not run. */
void transfer_stop(struct transfer *, struct transfer_job *);
void transfer_job_free(struct transfer *, struct transfer_job *);
/* After all jobs were freed. */
void transfer_free(struct transfer *);

#endif
