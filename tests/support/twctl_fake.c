/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_fake.c - a controller that is a list of answers; see twctl_fake.h. One thread. */
#include "tests/support/twctl_fake.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"

enum { WORDS_MAX = 64 };

static void swap(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

json_t *fake_json(const char *text)
{
	char *copy = tw_strdup(text);
	json_error_t error;
	json_t *json;

	swap(copy, '\'', '"');
	json = json_loads(copy, 0, &error);
	if (!json) {
		fprintf(stderr, "fake: %s in %s\n", error.text, text);
		abort();
	}
	free(copy);
	return json;
}

static void fill_bytes(ProtobufCMessage *message, const char *name, const char *text)
{
	uint8_t data[16];

	if (tw_mac_parse(text, data))
		tw_message_set_bytes(message, name, data, TW_MAC_LEN);
	else if (tw_uuid_parse(text, data))
		tw_message_set_bytes(message, name, data, TW_UUID_LEN);
	else if (inet_pton(AF_INET, text, data) == 1)
		tw_message_set_bytes(message, name, data, 4);
	else if (inet_pton(AF_INET6, text, data) == 1)
		tw_message_set_bytes(message, name, data, 16);
	else
		tw_message_set_bytes(message, name, (const uint8_t *)text, strlen(text));
}

static void fill_value(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, const json_t *value)
{
	const char *text = json_string_value(value);
	int n;

	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		fake_fill(tw_message_put(message, field->name), value);
	else if (field->type == PROTOBUF_C_TYPE_STRING)
		tw_message_set_string(message, field->name, text);
	else if (field->type == PROTOBUF_C_TYPE_BYTES)
		fill_bytes(message, field->name, text);
	else if (field->type == PROTOBUF_C_TYPE_ENUM && tw_enum_parse(field->descriptor, text, &n))
		tw_message_set_number(message, field->name, (uint64_t)n);
	else if (json_is_boolean(value))
		tw_message_set_number(message, field->name, json_is_true(value));
	else if (json_is_integer(value))
		tw_message_set_number(message, field->name, (uint64_t)json_integer_value(value));
	else
		abort();
}

void fake_fill(ProtobufCMessage *message, const json_t *json)
{
	const char *name;
	json_t *value, *element;
	uint8_t mac[TW_MAC_LEN];
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		const ProtobufCFieldDescriptor *field = tw_message_field(message, name);

		if (!json_is_array(value))
			fill_value(message, field, value);
		json_array_foreach(value, i, element)
		{
			if (field->type == PROTOBUF_C_TYPE_MESSAGE)
				fake_fill(tw_message_add(message, name), element);
			else if (field->type == PROTOBUF_C_TYPE_BYTES && tw_mac_parse(json_string_value(element), mac))
				tw_message_add_bytes(message, name, mac, sizeof(mac));
			else
				tw_message_add_string(message, name, json_string_value(element));
		}
	}
}

/* Settings that are at what they are when nobody says anything: enums have no zero to be seen by. */
static bool is_unset(const char *name, const json_t *value)
{
	static const char *const unset[][2] = { { "tunnel_ethertype", "dot1ad" },
						{ "pvlan", "none" },
						{ "order", "any" } };

	for (size_t i = 0; json_is_string(value) && i < sizeof(unset) / sizeof(*unset); i++)
		if (strcmp(name, unset[i][0]) == 0 && strcmp(json_string_value(value), unset[i][1]) == 0)
			return true;
	/* But a VLAN that inherits is there. */
	return json_is_string(value) && strcmp(name, "mode") != 0 && strcmp(json_string_value(value), "inherit") == 0;
}

static bool is_empty(const json_t *value)
{
	return json_is_null(value) || json_is_false(value) || (json_is_integer(value) && !json_integer_value(value)) ||
	       (json_is_string(value) && !*json_string_value(value)) ||
	       (json_is_array(value) && !json_array_size(value));
}

static void prune(json_t *json)
{
	const char *name;
	json_t *value;
	size_t i;
	void *next;

	json_object_foreach_safe(json, next, name, value)
	{
		prune(value);
		if (is_empty(value) || is_unset(name, value))
			json_object_del(json, name);
	}
	json_array_foreach(json, i, value) prune(value);
}

static int answer(void *arg, const char *url, Tw__Envelope *request, int timeout_ms, Tw__Envelope **reply,
		  struct tw_error *err)
{
	struct fake *fake = arg;
	json_t *json = tw_message_json(&request->base);

	if (fake->n_asked == FAKE_ANSWERS_MAX)
		abort();
	prune(json);
	fake->timeout_ms = timeout_ms;
	fake->asked[fake->n_asked] = json_dumps(json, JSON_COMPACT);
	swap(fake->asked[fake->n_asked], '"', '\'');
	json_decref(json);
	if (!fake->answers[fake->n_asked]) {
		fake->n_asked++;
		return -ETIMEDOUT;
	}
	json = fake_json(fake->answers[fake->n_asked++]);
	*reply = tw_message_new(&tw__envelope__descriptor);
	fake_fill(&(*reply)->base, json);
	json_decref(json);
	if ((*reply)->body_case != TW__ENVELOPE__BODY_ERROR)
		return 0;
	tw_error_set(err, (enum tw_api_error)(*reply)->error->code, (*reply)->error->field, "%s",
		     (*reply)->error->text);
	tw__envelope__free_unpacked(*reply, NULL);
	*reply = NULL;
	return -EREMOTEIO;
}

void fake_run(struct fake *fake, const char *line)
{
	struct tw_io io = { .out_is_tty = fake->tty, .ask = answer, .arg = fake };
	char *copy = tw_strdup(line), *rest = copy, *words[WORDS_MAX + 1] = { NULL };
	char program[] = "twctl";
	size_t out_size, err_size;
	int n = 0;

	fake_reset(fake);
	words[n++] = program;
	while (n < WORDS_MAX && rest) {
		bool quoted = *rest == '\'';
		char *word = quoted ? (rest++, strsep(&rest, "'")) : strsep(&rest, " ");

		if (*word)
			words[n++] = word;
	}
	io.out = open_memstream(&fake->out, &out_size);
	io.err = open_memstream(&fake->err, &err_size);
	fake->rc = tw_twctl_run(n, words, &io);
	fclose(io.out);
	fclose(io.err);
	free(copy);
}

void fake_reset(struct fake *fake)
{
	for (int i = 0; i < fake->n_asked; i++)
		free(fake->asked[i]);
	free(fake->out);
	free(fake->err);
	fake->n_asked = 0;
	fake->out = fake->err = NULL;
}
