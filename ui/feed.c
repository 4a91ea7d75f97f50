/* The threads that keep the model fresh, one for each host. See feed.h. */
#include "ui/feed.h"

#include <pthread.h>
#include <string.h>

#include "ui/feed_host.h"

#define HOSTS_MAX 64
#define WANTED_MAX 128

struct feed {
	struct app *app;
	struct host_feed *hosts[HOSTS_MAX]; /* this machine's first; changed by its thread alone */
	size_t count;
	pthread_mutex_t lock;
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
	feed->hosts[0] = host_feed_start(feed, "local", err);
	feed->count = feed->hosts[0] != NULL;
	if (feed->count)
		return feed;
	feed_stop(feed);
	return NULL;
}

void feed_stop(struct feed *feed)
{
	if (!feed)
		return;
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
	for (size_t i = 0; feed && i < feed->count; i++)
		host_feed_wake(feed->hosts[i], NULL);
}
