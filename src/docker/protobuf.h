/* Reading protocol buffers (https://protobuf.dev/programming-guides/encoding/): a cursor over bytes from anywhere. */
#ifndef DOCKER_PROTOBUF_H
#define DOCKER_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pb_wire { PB_VARINT = 0, PB_FIXED64 = 1, PB_BYTES = 2, PB_FIXED32 = 5 };

struct pb {
	const unsigned char *pos, *end;
	bool broken; /* what follows cannot be read */
};

struct pb_field {
	uint32_t number;
	enum pb_wire wire;
	uint64_t value;   /* varints and fixed */
	const char *data; /* PB_BYTES: within the message, not owned */
	size_t len;
};

static inline struct pb pb_of(const char *data, size_t len)
{
	return (struct pb){ (const unsigned char *) data, (const unsigned char *) data + len, false };
}

/* The next field; false at the end or where the bytes are no message (then `broken`). */
bool pb_next(struct pb *pb, struct pb_field *field);

#endif
