/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_help_test.c - help, man page and bash completion are views of the command table, and the committed page is current. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/path.h"
#include "tests/support/twctl_fake.h"

static void every_level_has_help_that_asks_nothing(void **state)
{
	for (size_t i = 0; tw_nouns[i]; i++)
		for (const struct tw_command *c = tw_nouns[i]->commands; c->run; c++) {
			struct fake fake = { 0 };
			char line[128];

			snprintf(line, sizeof(line), "%s %s --help", tw_nouns[i]->name, c->verb ? c->verb : "");
			fake_run(&fake, line);
			assert_int_equal(fake.rc, TW_EXIT_DONE);
			assert_int_equal(fake.n_asked, 0);
			assert_string_equal(fake.err, "");
			snprintf(line, sizeof(line), "Usage: twctl %s%s%s", tw_nouns[i]->name, c->verb ? " " : "",
				 c->verb ? c->verb : "");
			assert_true(strncmp(fake.out, line, strlen(line)) == 0);
			fake_reset(&fake);
		}
}

static void help_of_a_noun_lists_its_verbs(void **state)
{
	static const char expected[] =
		"Usage: twctl network VERB [OPTION]...\n"
		"\n"
		"networks: port groups: VLAN, MTU, security.\n"
		"\n"
		"Commands:\n"
		"  network list                    list all networks\n"
		"  network show NAME               show a network and the ports in it\n"
		"  network create NAME             create a network\n"
		"  network set NAME                change a network, and so all ports that do not "
		"override it\n"
		"  network delete NAME             delete a network that no port is in\n"
		"\n"
		"More of each: twctl network VERB --help\n";
	struct fake fake = { 0 };

	fake_run(&fake, "network --help");
	assert_string_equal(fake.out, expected);
	fake_run(&fake, "help network");
	assert_string_equal(fake.out, expected);
	fake_reset(&fake);
}

static void version_is_told(void **state)
{
	struct fake fake = { 0 };

	fake_run(&fake, "--version");
	assert_string_equal(fake.out, "twctl " TW_VERSION "\n");
	assert_int_equal(fake.rc, TW_EXIT_DONE);
	fake_reset(&fake);
}

static void the_committed_man_page_is_current(void **state)
{
	struct fake fake = { 0 };
	void *page;
	size_t size;

	fake_run(&fake, "help --man");
	if (tw_read_file(TW_MAN_PAGE, 1 << 20, &page, &size) || strcmp(page, fake.out) != 0)
		fail_msg("docs/man/twctl.1 is not what `twctl help --man` writes");
	free(page);
	fake_reset(&fake);
}

static void no_line_of_a_card_and_no_column_of_a_list_is_there_twice(void **state)
{
	for (size_t n = 0; tw_nouns[n]; n++)
		for (int view = 0; view < 2; view++)
			for (const struct tw_column *c = view ? tw_nouns[n]->card : tw_nouns[n]->list; c && c->title;
			     c++)
				for (const struct tw_column *d = c + 1; d->title; d++)
					if (strcmp(c->title, d->title) == 0 ||
					    (strcmp(c->key, d->key) == 0 && c->cell == d->cell))
						fail_msg("%s: %s (%s), %s (%s)", tw_nouns[n]->name, c->title, c->key,
							 d->title, d->key);
}

/* A bash that has sourced the script and in which twctl is a function that knows two ports and notes what it was asked. */
static const char bash_head[] =
	"twctl() { echo \"$*\" >&2; [[ $* == *'port list --names' ]] && printf '%s\\n' web/eth0 db/eth0; }\n";
static const char bash_tail[] =
	"try() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _twctl; echo \"${COMPREPLY[*]}\"; }\n"
	"try twctl p\n"
	"try twctl port s\n"
	"try twctl port show ''\n"
	"try twctl port show web/eth0 ''\n"
	"try twctl port set --vl\n"
	"try twctl port set db/eth0 --vlan ''\n"
	"try twctl port set db/eth0 --vlan = in\n"
	"try twctl mirror create m --direction = ''\n"
	"try twctl -c ipc:///x migrate ''\n"
	"try twctl --json mirror create m --port w\n"
	"try twctl port unbind web/eth0 --fr\n"
	"try twctl completion ''\n"
	"try twctl --ver\n";

static const char expected[] = "port\n"
			       "show set stats\n"
			       "web/eth0 db/eth0\n"
			       "\n"
			       "--vlan\n"
			       "inherit untagged\n"
			       "inherit\n"
			       "both ingress egress\n"
			       "db web\n"
			       "web/eth0\n"
			       "--from\n"
			       "bash\n"
			       "--version\n";

static void bash_completes_verbs_options_words_and_names(void **state)
{
	char path[] = "/tmp/twctl_completion_XXXXXX", command[64], answer[1024] = "";
	struct fake fake = { 0 };
	int fd = mkstemp(path);
	FILE *script = fdopen(fd, "w"), *bash;

	fake_run(&fake, "completion bash");
	assert_non_null(script);
	fprintf(script, "%s%s%s", bash_head, fake.out, bash_tail);
	fclose(script);
	snprintf(command, sizeof(command), "bash --norc %s", path);
	bash = popen(command, "r");
	assert_non_null(bash);
	assert_true(fread(answer, 1, sizeof(answer) - 1, bash) > 0);
	assert_int_equal(pclose(bash), 0);
	unlink(path);
	assert_string_equal(answer, expected);
	fake_reset(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_level_has_help_that_asks_nothing),
		cmocka_unit_test(help_of_a_noun_lists_its_verbs),
		cmocka_unit_test(version_is_told),
		cmocka_unit_test(the_committed_man_page_is_current),
		cmocka_unit_test(no_line_of_a_card_and_no_column_of_a_list_is_there_twice),
		cmocka_unit_test(bash_completes_verbs_options_words_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
