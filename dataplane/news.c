/* SPDX-License-Identifier: Apache-2.0 */
/* news.c - what the switch publishes to its agent: starts, links, moves. Main; never blocks, nobody need listen. */
#include <string.h>

#include "common/clock.h"
#include "dataplane/switch.h"

static Tw__SwitchEvent event_of(const struct tw_switch *sw, Tw__SwitchEvent__Kind kind)
{
	Tw__SwitchEvent e;

	tw__switch_event__init(&e);
	e.kind = kind;
	e.boot_id = sw->boot_id;
	e.at_ns = tw_clock_real_ns();
	return e;
}

void tw_news_started(struct tw_switch *sw)
{
	Tw__SwitchEvent e = event_of(sw, TW__SWITCH_EVENT__KIND__STARTED);

	tw_link_pub_send(sw->news, &e);
}

static void send_port(const struct tw_port *p, Tw__SwitchEvent__Kind kind)
{
	Tw__SwitchEvent e = event_of(p->sw, kind);
	char name[sizeof(p->name)];

	memcpy(name, p->name, sizeof(name));
	e.number = p->number;
	e.name = name;
	e.link = (Tw__LinkState)p->sw->states[p->slot].link;
	if (e.link == TW__LINK_STATE__LINK_HOLD)
		e.at_ns = p->stopped_ns;
	tw_link_pub_send(p->sw->news, &e);
}

void tw_news_port_link(const struct tw_port *p)
{
	send_port(p, TW__SWITCH_EVENT__KIND__PORT_LINK);
}

void tw_news_port_moved(const struct tw_port *p)
{
	send_port(p, TW__SWITCH_EVENT__KIND__PORT_MOVED);
}

void tw_news_uplink(struct tw_switch *sw, const struct tw_uplink *uplink)
{
	Tw__SwitchEvent e = event_of(sw, TW__SWITCH_EVENT__KIND__UPLINK_LINK);
	char name[sizeof(uplink->name)];

	memcpy(name, uplink->name, sizeof(name));
	e.name = name;
	e.up = uplink->up;
	tw_link_pub_send(sw->news, &e);
}
