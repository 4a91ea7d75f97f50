/* The threads that keep the model fresh, one for each host. See feed.h. */
#include "ui/feed.h"

#include <pthread.h>
#include <string.h>

#include "ui/feed_host.h"

#define HOSTS_MAX 64
#define WANTED_MAX 128

struct feed {
	struct app *app;
	pthread_mutex_t lock; /* for what follows */
	struct host_feed *hosts[HOSTS_MAX]; /* this machine's first */
	size_t count;
	bool stopping;
	struct strlist wanted;
};

struct app *feed_app(const struct feed *feed)
{
	return feed->app;
}

struct feed *feed_start(struct app *app, struct af_error *err)
{
	struct feed *feed = calloc(1, sizeof(*feed));

	if (!feed) {
		error_nomem(err);
		return NULL;
	}
	feed->app = app;
	pthread_mutex_init(&feed->lock, NULL);
	struct af_host *local = host_local(app->af);
	struct host_feed *first = NULL;
	/* It looks for the others, and shall find itself. */
	pthread_mutex_lock(&feed->lock);
	if (local && (first = host_feed_start(feed, local, err)))
		feed->hosts[feed->count++] = first;
	pthread_mutex_unlock(&feed->lock);
	if (first)
		return feed;
	feed_stop(feed);
	return NULL;
}

static bool has_host(const struct feed *feed, const struct af_host *h)
{
	for (size_t i = 0; i < feed->count; i++)
		if (feed->hosts[i]->host == h)
			return true;
	return false;
}

void feed_find_hosts(struct feed *feed)
{
	AUTO_FREE struct af_host **hosts = NULL;
	size_t count = 0;

	if (host_list(feed->app->af, &hosts, &count, NULL))
		return;
	pthread_mutex_lock(&feed->lock);
	for (size_t i = 0; i < count && feed->count < HOSTS_MAX && !feed->stopping; i++) {
		struct host_feed *f = has_host(feed, hosts[i]) ? NULL : host_feed_start(feed, hosts[i], NULL);
		if (f)
			feed->hosts[feed->count++] = f;
	}
	pthread_mutex_unlock(&feed->lock);
}

void feed_stop(struct feed *feed)
{
	if (!feed)
		return;
	pthread_mutex_lock(&feed->lock);
	feed->stopping = true;
	pthread_mutex_unlock(&feed->lock);
	for (size_t i = 0; i < feed->count; i++)
		host_feed_stop(feed->hosts[i]);
	for (size_t i = 0; i < feed->count; i++)
		host_feed_free(feed->hosts[i]);
	strlist_free(&feed->wanted);
	pthread_mutex_destroy(&feed->lock);
	free(feed);
}

void feed_want(struct feed *feed, const char *const *ids, int count)
{
	pthread_mutex_lock(&feed->lock);
	strlist_free(&feed->wanted);
	for (int i = 0; i < count && i < WANTED_MAX; i++)
		if (strlist_add(&feed->wanted, ids[i], NULL))
			break;
	pthread_mutex_unlock(&feed->lock);
}

bool feed_wants(struct feed *feed, const char *id)
{
	pthread_mutex_lock(&feed->lock);
	bool wanted = strlist_has(&feed->wanted, id);
	pthread_mutex_unlock(&feed->lock);
	return wanted;
}

void feed_refresh(struct feed *feed)
{
	if (!feed)
		return;
	pthread_mutex_lock(&feed->lock);
	for (size_t i = 0; i < feed->count; i++)
		host_feed_wake(feed->hosts[i], NULL);
	pthread_mutex_unlock(&feed->lock);
}
