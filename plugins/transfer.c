/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets and the timer of libcurl as events of the host's loop.
 *
 * libcurl says which socket it waits for and until when; we tell it when that happened and then collect what is done.
 */
#include "transfer.h"

#include <stdlib.h>
#include <sys/socket.h>

struct watch {
	struct transfer *transfer;
	struct event *event;
};

struct transfer {
	struct event_base *base;
	struct transfer_hooks hooks;
	CURLM *multi;
	struct event *timer;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void collect(struct transfer *transfer)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(transfer->multi, &left))) {
		struct transfer_job *job = NULL;
		CURLcode result = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
		transfer->hooks.done(job, result);
	}
}

static void on_socket(evutil_socket_t fd, short what, void *data)
{
	struct watch *watch = data;
	struct transfer *transfer = watch->transfer;
	int running;

	curl_multi_socket_action(
		transfer->multi, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0), &running);
	collect(transfer);
}

static void on_timer(evutil_socket_t fd, short what, void *data)
{
	struct transfer *transfer = data;
	int running;

	(void)fd;
	(void)what;
	curl_multi_socket_action(transfer->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(transfer);
}

static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *known)
{
	struct transfer *transfer = data;
	struct watch *watch = known;

	(void)easy;
	if (watch && watch->event)
		event_free(watch->event);
	if (what == CURL_POLL_REMOVE) {
		free(watch);
		curl_multi_assign(transfer->multi, fd, NULL);
		return 0;
	}
	if (!watch) {
		watch = must(calloc(1, sizeof *watch));
		watch->transfer = transfer;
		curl_multi_assign(transfer->multi, fd, watch);
	}
	watch->event = must(event_new(transfer->base, fd,
		(what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST, on_socket, watch));
	event_add(watch->event, NULL);
	return 0;
}

static int watch_time(CURLM *multi, long ms, void *data)
{
	struct transfer *transfer = data;
	struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		event_del(transfer->timer);
	else
		event_add(transfer->timer, &wait);
	return 0;
}

/* The address is looked at here, behind the resolver: what is looked at is what is connected to. */
static curl_socket_t open_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = data;

	(void)purpose;
	if (transfer->hooks.allowed && !transfer->hooks.allowed(transfer->hooks.data, &address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct transfer *transfer_new(struct event_base *base, const struct transfer_hooks *hooks)
{
	struct transfer *transfer = must(calloc(1, sizeof *transfer));

	transfer->base = base;
	transfer->hooks = *hooks;
	transfer->timer = must(evtimer_new(base, on_timer, transfer));
	transfer->multi = curl_multi_init();
	if (!transfer->multi) {
		transfer_free(transfer);
		return NULL;
	}
	curl_multi_setopt(transfer->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(transfer->multi, CURLMOPT_SOCKETDATA, transfer);
	curl_multi_setopt(transfer->multi, CURLMOPT_TIMERFUNCTION, watch_time);
	curl_multi_setopt(transfer->multi, CURLMOPT_TIMERDATA, transfer);
	return transfer;
}

int transfer_job_init(struct transfer *transfer, struct transfer_job *job, void *data)
{
	job->easy = curl_easy_init();
	job->data = data;
	job->runs = false;
	if (!job->easy)
		return -1;
	curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job);
	curl_easy_setopt(job->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(job->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(job->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(job->easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(job->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	return 0;
}

void transfer_start(struct transfer *transfer, struct transfer_job *job)
{
	if (curl_multi_add_handle(transfer->multi, job->easy) != CURLM_OK)
		abort();
	job->runs = true;
}

void transfer_stop(struct transfer *transfer, struct transfer_job *job)
{
	if (job->runs)
		curl_multi_remove_handle(transfer->multi, job->easy);
	job->runs = false;
}

void transfer_job_free(struct transfer *transfer, struct transfer_job *job)
{
	if (!job->easy)
		return;
	transfer_stop(transfer, job);
	curl_easy_cleanup(job->easy);
	job->easy = NULL;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	if (transfer->multi)
		curl_multi_cleanup(transfer->multi);
	event_free(transfer->timer);
	free(transfer);
}
