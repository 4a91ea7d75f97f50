#include <string.h>

#include "command/commands.h"
#include "command/nearest.h"

const struct command_spec *const command_table[] = {
#define COMMAND_ROW(name) &cmd_##name,
	COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
	NULL
};

const struct command_spec *command_find(const char *name)
{
	for (size_t i = 0; command_table[i]; i++)
		if (strcmp(command_table[i]->name, name) == 0)
			return command_table[i];
	return NULL;
}

const char *command_nearest(const char *name)
{
	/* Names that users of docker type by habit. */
	static const char *const habits[][2] = {
		{ "list", "ps" },   { "ls", "ps" },     { "start", "run" }, { "up", "run" },
		{ "down", "stop" }, { "kill", "stop" }, { "log", "logs" },  { "sh", "exec" },
		{ "shell", "exec" }, { "remove", "rm" }, { "new", "init" },  { "check", "doctor" },
	};
	struct nearest n = nearest_to(name);

	for (size_t i = 0; i < ARRAY_LEN(habits); i++)
		if (strcmp(habits[i][0], name) == 0)
			return habits[i][1];
	for (size_t i = 0; command_table[i]; i++)
		nearest_offer(&n, command_table[i]->name);
	return n.best;
}
