/* What a click means where something was drawn. See canvas.h. */
#include "ui/canvas_priv.h"

#define SPOTS_MAX 256

static struct spot {
	struct area at;
	int what;
} spots[SPOTS_MAX];
static int count;

void spots_forget(const struct area *a)
{
	int kept = 0;

	for (int i = 0; i < count; i++) {
		const struct area *at = &spots[i].at;
		if (at->y < a->y || at->y >= a->y + a->h || at->x >= a->x + a->w || at->x + at->w <= a->x)
			spots[kept++] = spots[i];
	}
	count = kept;
}

void canvas_spot(const struct area *a, int y, int x, int width, int what)
{
	width = MIN(width, a->w - x);
	if (y < 0 || y >= a->h || x < 0 || width <= 0 || count == SPOTS_MAX)
		return;
	spots[count++] = (struct spot){ { a->y + y, a->x + x, 1, width }, what };
}

int canvas_spot_at(int y, int x)
{
	for (int i = count; i-- > 0;)
		if (y == spots[i].at.y && x >= spots[i].at.x && x < spots[i].at.x + spots[i].at.w)
			return spots[i].what;
	return 0;
}
