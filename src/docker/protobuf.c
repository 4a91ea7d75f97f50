/* Protocol buffers. See protobuf.h. */
#include "docker/protobuf.h"

static bool varint(struct pb *pb, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && pb->pos < pb->end; shift += 7) {
		unsigned char byte = *pb->pos++;

		value |= (uint64_t) (byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool fixed(struct pb *pb, unsigned bytes, uint64_t *out)
{
	if ((size_t) (pb->end - pb->pos) < bytes)
		return false;
	*out = 0;
	for (unsigned i = 0; i < bytes; i++)
		*out |= (uint64_t) *pb->pos++ << (8 * i);
	return true;
}

static bool bytes(struct pb *pb, struct pb_field *field)
{
	uint64_t len;

	if (!varint(pb, &len) || len > (uint64_t) (pb->end - pb->pos))
		return false;
	field->data = (const char *) pb->pos;
	field->len = (size_t) len;
	pb->pos += len;
	return true;
}

static bool value(struct pb *pb, struct pb_field *field)
{
	switch (field->wire) {
	case PB_VARINT:
		return varint(pb, &field->value);
	case PB_FIXED64:
		return fixed(pb, 8, &field->value);
	case PB_BYTES:
		return bytes(pb, field);
	case PB_FIXED32:
		return fixed(pb, 4, &field->value);
	}
	return false; /* groups: deprecated before proto3 */
}

bool pb_next(struct pb *pb, struct pb_field *field)
{
	uint64_t key;

	if (pb->broken || pb->pos == pb->end)
		return false;
	*field = (struct pb_field){ 0 };
	pb->broken = true;
	if (!varint(pb, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
		return false;
	field->number = (uint32_t) (key >> 3);
	field->wire = (enum pb_wire) (key & 7);
	pb->broken = !value(pb, field);
	return !pb->broken;
}
