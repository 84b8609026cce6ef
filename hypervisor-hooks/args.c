/* SPDX-License-Identifier: Apache-2.0 */
/* args.c - an argument vector that grows; see args.h. Control threads. Owns its strings. */
#include "hypervisor-hooks/args.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hypervisor-hooks/vm_spec.h"

/* Takes over `text`, NULL included. */
static void append(struct tw_args *args, char *text)
{
	/* Room for one more and for the NULL behind it. */
	char **v = text && !args->failed ? reallocarray(args->v, args->n + 2, sizeof(*v)) : NULL;

	if (!v) {
		free(text);
		args->failed = true;
		return;
	}
	args->v = v;
	args->v[args->n++] = text;
	args->v[args->n] = NULL;
}

void tw_args_add(struct tw_args *args, const char *text)
{
	append(args, strdup(text));
}

void tw_args_addf(struct tw_args *args, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	append(args, n < 0 ? NULL : text);
}

char **tw_args_take(struct tw_args *args)
{
	char **v = args->v;

	if (args->failed) {
		tw_vm_args_free(v);
		v = NULL;
	}
	*args = (struct tw_args){ 0 };
	return v;
}

void tw_vm_args_free(char **args)
{
	for (char **a = args; a && *a; a++)
		free(*a);
	free(args);
}
