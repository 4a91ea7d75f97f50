#include "image/server_files.h"

#include <string.h>

#include "base/path.h"
#include "templates/templates.h"

static const char prefix[] = "server/";

af_code server_files_write(const char *dir, struct af_error *err)
{
	af_code rc = AF_OK;

	for (size_t i = 0; !rc && i < template_file_count; i++) {
		const struct template_file *t = &template_files[i];
		if (!str_starts(t->path, prefix))
			continue;
		AUTO_FREE char *path = str_format(err, "%s/_affinetes/%s", dir, t->path + strlen(prefix));
		AUTO_FREE char *folder = path ? str_ndup(path, (size_t) (strrchr(path, '/') - path), err) : NULL;
		rc = folder ? path_mkdirs(folder, 0700, err) : AF_ERR_NOMEM;
		if (!rc)
			rc = file_write(path, t->data, t->size, 0600, err);
	}
	return rc;
}
