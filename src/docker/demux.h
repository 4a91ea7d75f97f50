/* The multiplexed stream of logs, attach and exec: inner part of docker_demux. */
#ifndef DOCKER_DEMUX_H
#define DOCKER_DEMUX_H

#include "docker/docker.h"

/*
 * Frames: [type, 0, 0, 0, length as 32 bits big-endian] and that many bytes. Types are 0 stdin (echoed by
 * nobody), 1 stdout, 2 stderr, 3 an error of the engine's own, which counts as stderr.
 */
struct frames {
	unsigned char head[8];
	size_t have;     /* bytes of head */
	size_t left;     /* of the frame's body */
	enum docker_fd fd;
	bool broken;
};

/* A piece of a frame's body; `first`: it begins the frame. False: enough. */
typedef bool (*frame_fn)(void *arg, enum docker_fd fd, bool first, const char *data, size_t len);
/* False once fn said so or the stream makes no sense. */
bool frames_feed(struct frames *f, const char *data, size_t len, frame_fn fn, void *arg);

/* Decides between raw and multiplexed before the first byte. */
void demux_set_tty(struct docker_demux *x, bool tty);
/* Each frame begins with a time. An engine sends a line of more than 16 KiB in several frames, each with a time
 * of its own: those within the line are taken out. */
void demux_set_timestamps(struct docker_demux *x);

#endif
