/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix-dump.c - a collector for test scripts: each data record that arrives becomes a line of JSON on standard output.
 *
 *   ipfix-dump [--count N] [--timeout S] [--no-options] ADDRESS PORT     listen on UDP
 *   ipfix-dump [--no-options] < messages                                 messages back to back, as a file has them
 *
 * Keys are the elements' names ("pen:number" where unknown; with "#2" if a record has an element twice), and before them
 * "domain", "template", "options" (true for options records), "sequence", "export_time". The last line on standard error
 * has the counts. Ends after N data records of flows, S seconds without a message, SIGTERM or SIGINT. Exit status: 0,
 * 1 if a message was malformed or its sequence wrong, 2 usage.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "tests/support/ipfix_decode.h"

enum { DATAGRAM_MAX = 65536 };

static volatile sig_atomic_t stopped;
static bool hide_options;
static uint64_t wanted = UINT64_MAX;
static int timeout_ms = -1;

static void on_signal(int signal)
{
	stopped = 1;
}

static void set_value(json_t *line, const struct ipfix_value *v)
{
	char key[64], again[80], text[IPFIX_TEXT_MAX];
	const char *name = ipfix_element_name(v->pen, v->element);
	bool is_number;
	json_t *value;

	if (name)
		snprintf(key, sizeof(key), "%s", name);
	else
		snprintf(key, sizeof(key), "%" PRIu32 ":%u", v->pen, v->element);
	snprintf(again, sizeof(again), "%s#2", key);
	ipfix_value_format(v, text, &is_number);
	value = is_number ? json_integer((json_int_t)strtoull(text, NULL, 10)) : json_string(text);
	if (!value)
		value = json_string("(not UTF-8)");
	json_object_set_new(line, json_object_get(line, key) ? again : key, value);
}

static void print_record(const struct ipfix_record *record, void *context)
{
	json_t *line;

	if (record->is_options && hide_options)
		return;
	line = json_pack("{sI si sb sI sI}", "domain", (json_int_t)record->domain, "template", record->template_id,
			 "options", record->is_options, "sequence", (json_int_t)record->sequence, "export_time",
			 (json_int_t)record->export_time);
	for (unsigned i = 0; i < record->n_values; i++)
		set_value(line, &record->values[i]);
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

static void take_message(struct ipfix_decoder *decoder, const uint8_t *message, size_t size)
{
	if (ipfix_decode(decoder, message, size, print_record, NULL))
		fprintf(stderr, "ipfix-dump: %s\n", ipfix_decoder_error(decoder));
	fflush(stdout);
}

static int open_socket(const char *address, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = sin.sin_port };
	bool v6 = inet_pton(AF_INET6, address, &sin6.sin6_addr) == 1;
	const int buffer = 16 << 20;
	int fd;

	if (!v6 && inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		return -EINVAL;
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	if (!bind(fd, v6 ? (struct sockaddr *)&sin6 : (struct sockaddr *)&sin, v6 ? sizeof(sin6) : sizeof(sin)))
		return fd;
	close(fd);
	return -errno;
}

static void listen_udp(struct ipfix_decoder *decoder, int fd)
{
	static uint8_t datagram[DATAGRAM_MAX];

	while (!stopped && ipfix_decoder_counts(decoder)->data_records < wanted) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&p, 1, timeout_ms) <= 0)
			break;
		n = recv(fd, datagram, sizeof(datagram), 0);
		if (n >= 0)
			take_message(decoder, datagram, (size_t)n);
	}
}

static void read_stream(struct ipfix_decoder *decoder, FILE *in)
{
	static uint8_t message[DATAGRAM_MAX];

	while (!stopped && fread(message, 1, 4, in) == 4) {
		size_t size = (size_t)message[2] << 8 | message[3];

		if (size < 4 || fread(message + 4, 1, size - 4, in) != size - 4) {
			fprintf(stderr, "ipfix-dump: the input ends within a message\n");
			take_message(decoder, message, 4);
			return;
		}
		take_message(decoder, message, size);
	}
}

static int report(const struct ipfix_counts *c)
{
	fprintf(stderr,
		"messages=%" PRIu64 " records=%" PRIu64 " option_records=%" PRIu64 " templates=%" PRIu64
		" option_templates=%" PRIu64 " sequence_errors=%" PRIu64 " unknown_sets=%" PRIu64
		" changed_layouts=%" PRIu64 " malformed=%" PRIu64 "\n",
		c->messages, c->data_records, c->option_records, c->templates, c->option_templates, c->sequence_errors,
		c->unknown_sets, c->changed_layouts, c->malformed);
	return c->malformed || c->sequence_errors || c->unknown_sets || c->changed_layouts;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "count", required_argument, NULL, 'c' },
						 { "timeout", required_argument, NULL, 't' },
						 { "no-options", no_argument, NULL, 'n' },
						 { 0 } };
	const struct sigaction stop = { .sa_handler = on_signal };
	struct ipfix_decoder *decoder = ipfix_decoder_create();
	int opt, fd, rc;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'c')
			wanted = strtoull(optarg, NULL, 10);
		else if (opt == 't')
			timeout_ms = atoi(optarg) * 1000;
		else if (opt == 'n')
			hide_options = true;
		else
			return 2;
	}
	if (!decoder || (argc != optind && argc != optind + 2)) {
		fprintf(stderr, "usage: ipfix-dump [--count N] [--timeout S] [--no-options] [ADDRESS PORT]\n");
		return 2;
	}
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	if (argc == optind) {
		read_stream(decoder, stdin);
	} else {
		fd = open_socket(argv[optind], argv[optind + 1]);
		if (fd < 0) {
			fprintf(stderr, "ipfix-dump: %s port %s: %s\n", argv[optind], argv[optind + 1], strerror(-fd));
			return 2;
		}
		listen_udp(decoder, fd);
		close(fd);
	}
	rc = report(ipfix_decoder_counts(decoder));
	ipfix_decoder_destroy(decoder);
	return rc;
}
