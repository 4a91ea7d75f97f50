/* A theme file's text: whatever it holds, every role keeps a look that can be drawn, and what is wrong is named by line. */
#include <stdint.h>
#include <string.h>

#include "ui/canvas_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_paint(const struct paint *paint, bool direct)
{
	int32_t most = direct ? PAINT_RGB | 0xffffff : 255;

	if (paint->fg < PAINT_DEFAULT || paint->fg > most || paint->bg < PAINT_DEFAULT || paint->bg > most)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct theme theme = { 0 };
	struct af_error err = AF_ERROR_INIT;
	af_code rc = theme_parse(&theme, "fuzz.theme", (const char *) data, size, &err);

	if (rc != AF_OK && (rc != AF_ERR_USAGE || !err.message || strncmp(err.message, "fuzz.theme:", 11) || !err.hint))
		abort();
	for (int role = 0; role < ROLE_COUNT; role++)
		for (int depth = DEPTH_MONO; depth <= DEPTH_TRUE; depth++) {
			struct paint paint = paint_reduce(&theme.looks[role], (enum depth) depth,
							  theme_mono_attributes((enum role) role));
			check_paint(&paint, depth == DEPTH_TRUE);
		}
	theme_free(&theme);
	af_error_clear(&err);
	return 0;
}
