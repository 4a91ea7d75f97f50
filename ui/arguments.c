/* Options of the command line. See arguments.h. */
#include "ui/arguments.h"

#include <getopt.h>
#include <stdio.h>

const char arguments_usage[] =
	"Usage: afs-tui [OPTION…]\n"
	"\n"
	"The dashboard for evaluation environments: what runs where, how it is doing, what it\n"
	"answers, what it logs, and one command line to drive it. Press ? for the keys.\n"
	"\n"
	"  --readonly       actions that change something are off\n"
	"  --theme NAME     dark, light, high-contrast, deuteranopia, tritanopia, mono\n"
	"  --ascii          draw with ASCII only\n"
	"  --plain          print what the dashboard shows as lines, and leave\n"
	"  --script FILE    no terminal: keys come from FILE (see afs-tui(1))\n"
	"  --help, --version\n";

bool arguments_parse(struct arguments *a, int argc, char **argv)
{
	static char name[] = "afs-tui";
	static const struct option options[] = {
		{ "readonly", no_argument, NULL, 'r' }, { "theme", required_argument, NULL, 't' },
		{ "ascii", no_argument, NULL, 'a' },	{ "plain", no_argument, NULL, 'p' },
		{ "script", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ "generate-manual", no_argument, NULL, 'm' },	{ 0 },
	};

	/* In its messages, as in all others. */
	if (argc > 0)
		argv[0] = name;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'r':
			a->readonly = true;
			break;
		case 't':
			a->theme = optarg;
			break;
		case 'a':
			a->ascii = true;
			break;
		case 'p':
			a->plain = true;
			break;
		case 's':
			a->script = optarg;
			break;
		case 'h':
			a->help = true;
			break;
		case 'v':
			a->version = true;
			break;
		case 'm':
			a->manual = true;
			break;
		default:
			return false; /* getopt has said why */
		}
	}
	if (optind < argc)
		fprintf(stderr, "afs-tui: there are only options: \"%s\" is none\n", argv[optind]);
	return optind == argc;
}
