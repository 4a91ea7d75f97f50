/* afs init: the files of a new environment, from the templates inside the program. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/path.h"
#include "command/commands.h"
#include "templates/templates.h"

#define BASE_IMAGE "python:3.12-slim"
#define BASE_IMAGE_MARK "@BASE_IMAGE@"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_DIR, .help = "directory to make; its last part names the environment" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "type", 0, WORD_CHOICE, .value = "TYPE", .choices = "function|http", .def = "function",
	  .help = "functions or a class, or an HTTP application" },
	{ "template", 0, WORD_TEMPLATE, .value = "TEMPLATE", .choices = "basic|actor|fastapi", .def = "basic",
	  .help = "module functions, an Actor class, or a FastAPI application" },
	{ "base-image", 0, WORD_IMAGE, .value = "IMG", .help = "image that the Dockerfile starts from" },
	{ 0 },
};

static const char *const examples[] = {
	"afs init my-env --template actor",
	"afs init web-env --type http --template fastapi",
	"afs init environments/sat --base-image python:3.11-slim",
	NULL,
};

const struct command_spec cmd_init = {
	.name = "init",
	.group = "Workflow",
	.summary = "Create the directory of a new environment",
	.description = "Writes env.py and a Dockerfile. The directory may exist, but nothing in it is overwritten.\n"
		       "--type http alone means the template fastapi, and --template fastapi alone the type http. The "
		       "Dockerfile takes its base image as build argument BASE_IMAGE; its default is --base-image, else "
		       "AFS_BASE_IMAGE from the environment, else " BASE_IMAGE ".",
	.operands = operands,
	.options = options,
	.examples = examples,
	.standalone = true,
	.run = cmd_init_run,
};

/* Each of type and template may stand alone; fastapi and http belong together. */
static af_code choose_template(const struct args *args, const char **out, struct af_error *err)
{
	const char *type = args_text(args, "type"), *template = args_text(args, "template");
	bool http = strcmp(type, "http") == 0, fastapi = strcmp(template, "fastapi") == 0;

	if (!args_has(args, "template"))
		template = http ? "fastapi" : "basic";
	else if (args_has(args, "type") && http != fastapi) {
		error_set(err, AF_ERR_USAGE, "init: the template %s is not for the type %s", template, type);
		error_hint(err, http ? "the type http has the template fastapi"
				     : "the type function has the templates basic and actor");
		return AF_ERR_USAGE;
	}
	*out = template;
	return AF_OK;
}

static af_code check_name(const char *name, struct af_error *err)
{
	size_t len = strlen(name);
	bool clean = name[0] != '-' && utf8_valid(name, len);

	for (size_t i = 0; i < len; i++)
		clean = clean && (unsigned char) name[i] >= ' ' && name[i] != 0x7f;
	if (clean)
		return AF_OK;
	error_set(err, AF_ERR_USAGE, "init: the name cannot be used for a directory");
	error_hint(err, "use printable characters, and none of - at the beginning");
	return AF_ERR_USAGE;
}

/* It becomes a line of the Dockerfile, so it has to be nothing but an image's name. */
static af_code choose_base_image(const struct args *args, const char **out, struct af_error *err)
{
	const char *from = "--base-image", *image = args_text(args, "base-image");

	if (!image) {
		from = "AFS_BASE_IMAGE";
		image = getenv("AFS_BASE_IMAGE");
	}
	if (str_blank(image))
		image = BASE_IMAGE;
	if (image[0] == '-' || strspn(image, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@") !=
				       strlen(image)) {
		error_set(err, AF_ERR_USAGE, "init: %s is not the name of an image", from);
		error_hint(err, "it looks like python:3.12-slim or registry.example/team/image:tag");
		return AF_ERR_USAGE;
	}
	*out = image;
	return AF_OK;
}

/* ---- writing ---------------------------------------------------------------- */

struct init {
	const char *dir;
	const char *template;
	const char *base_image;
	bool made_dir;
	struct strlist written; /* paths */
};

static void init_cleanup(struct init *in)
{
	strlist_free(&in->written);
}

/* The file's name within the template ("env.py"), NULL if it belongs to another one. */
static const char *file_of_template(const struct init *in, const struct template_file *file)
{
	size_t len = strlen(in->template);

	if (!str_starts(file->path, "init/") || strncmp(file->path + 5, in->template, len) != 0 ||
	    file->path[5 + len] != '/')
		return NULL;
	return file->path + 5 + len + 1;
}

static void fill_in(struct strbuf *out, const struct template_file *file, const char *base_image)
{
	const char *text = (const char *) file->data, *end = text + file->size;

	for (;;) {
		const char *mark = memmem(text, (size_t) (end - text), BASE_IMAGE_MARK, strlen(BASE_IMAGE_MARK));

		if (!mark)
			break;
		strbuf_add(out, text, (size_t) (mark - text));
		strbuf_adds(out, base_image);
		text = mark + strlen(BASE_IMAGE_MARK);
	}
	strbuf_add(out, text, (size_t) (end - text));
}

/* All are looked for before the first is written. */
static af_code check_free(const struct init *in, struct af_error *err)
{
	if (path_exists(in->dir) && !path_is_dir(in->dir))
		return error_set(err, AF_ERR_EXISTS, "init: %s exists and is no directory", in->dir);
	for (size_t i = 0; i < template_file_count; i++) {
		const char *name = file_of_template(in, &template_files[i]);
		AUTO_FREE char *path = NULL;

		if (!name)
			continue;
		path = path_join(in->dir, name, err);
		if (!path)
			return AF_ERR_NOMEM;
		if (path_exists(path)) {
			error_set(err, AF_ERR_EXISTS, "init: %s exists already; nothing was written", path);
			error_hint(err, "choose another name, or remove the file first");
			return AF_ERR_EXISTS;
		}
	}
	return AF_OK;
}

static af_code write_file(struct init *in, const struct template_file *file, const char *name, struct af_error *err)
{
	AUTO_FREE char *path = path_join(in->dir, name, err);
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	af_code rc;

	if (!path)
		return AF_ERR_NOMEM;
	fill_in(&text, file, in->base_image);
	rc = strbuf_check(&text, err);
	if (!rc)
		rc = file_create(path, text.data, text.len, 0666, err);
	return rc ? rc : strlist_take(&in->written, af_steal(path), err);
}

static af_code write_files(struct init *in, struct af_error *err)
{
	in->made_dir = !path_exists(in->dir);
	af_code rc = path_mkdirs(in->dir, 0777, err);

	for (size_t i = 0; !rc && i < template_file_count; i++) {
		const char *name = file_of_template(in, &template_files[i]);

		if (name)
			rc = write_file(in, &template_files[i], name, err);
	}
	if (!rc && in->written.count == 0)
		rc = error_set(err, AF_ERR_FAILED, "the template %s is not part of this build", in->template);
	return rc ? error_wrap(err, rc, "init") : AF_OK;
}

/* Half an environment is worse than none. */
static void take_back(struct init *in)
{
	for (size_t i = 0; i < in->written.count; i++)
		unlink(in->written.items[i]);
	if (in->made_dir)
		rmdir(in->dir);
}

/* ---- next steps --------------------------------------------------------------- */

/* Appends a word as a shell reads it back. */
static void add_shell_word(struct strbuf *sb, const char *word)
{
	if (!word[strcspn(word, " \t\"'\\$`!*?[](){}<>|&;#~")]) {
		strbuf_adds(sb, word);
		return;
	}
	strbuf_addc(sb, '\'');
	for (; *word; word++)
		if (*word == '\'')
			strbuf_adds(sb, "'\\''");
		else
			strbuf_addc(sb, *word);
	strbuf_addc(sb, '\'');
}

/* "My Env/" → "my-env": what engines accept as an image's and a container's name. */
static void add_slug(struct strbuf *sb, const char *dir)
{
	size_t end = strlen(dir), start, from = sb->len;

	while (end > 1 && dir[end - 1] == '/')
		end--;
	for (start = end; start > 0 && dir[start - 1] != '/'; start--)
		;
	for (size_t i = start; i < end; i++) {
		char c = dir[i];

		if (c >= 'A' && c <= 'Z')
			c = (char) (c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			strbuf_addc(sb, c);
		else if (sb->len > from && sb->data[sb->len - 1] != '-')
			strbuf_addc(sb, '-');
	}
	if (sb->len > from && sb->data[sb->len - 1] == '-')
		strbuf_truncate(sb, sb->len - 1);
	if (sb->len == from)
		strbuf_adds(sb, "env");
}

static void show_next_steps(struct command_context *cx, const struct init *in)
{
	AUTO_STRBUF dir = STRBUF_INIT(STRBUF_LINE);
	AUTO_STRBUF name = STRBUF_INIT(STRBUF_LINE);

	add_shell_word(&dir, in->dir);
	add_slug(&name, in->dir);
	for (size_t i = 0; i < in->written.count; i++)
		command_note(cx, "wrote %s", in->written.items[i]);
	command_note(cx, "next: put your methods into env.py, then");
	command_note(cx, "  afs build %s --tag %s:v1", dir.data, name.data);
	command_note(cx, "  afs run %s:v1 --name %s", name.data, name.data);
	command_note(cx, "  afs methods %s", name.data);
}

af_code cmd_init_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(init) struct init in = { .dir = args_operand(args, "NAME") };
	af_code rc = check_name(in.dir, err);

	if (!rc)
		rc = choose_template(args, &in.template, err);
	if (!rc)
		rc = choose_base_image(args, &in.base_image, err);
	if (!rc)
		rc = check_free(&in, err);
	if (rc)
		return rc;
	rc = write_files(&in, err);
	if (rc) {
		take_back(&in);
		return rc;
	}
	show_next_steps(cx, &in);
	return AF_OK;
}
