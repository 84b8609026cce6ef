/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline_svg.c - draws pipeline.h's list as docs/pipeline.svg; a test holds the committed picture against this output.
 *
 * A program of its own, run by hand after the list changed: pipeline-svg >docs/pipeline.svg
 */
#include <stdio.h>
#include <string.h>

#include "dataplane/pipeline.h"

enum { WIDTH = 960, BOX_W = 400, BOX_H = 44, STEP = 58, BRANCH_STEP = 90, LEFT = 20, RIGHT = 540, TOP = 70 };

static const struct stage {
	const char *name, *file, *when, *what, *drops;
} stages[] = {
#define STAGE_ROW(name, file, when, what, drops) { #name, #file, #when, what, drops },
	TW_STAGES(STAGE_ROW)
#undef STAGE_ROW
};
enum { N_STAGES = sizeof(stages) / sizeof(*stages) };

static void box(const struct stage *s, int x, int y, const char *fill)
{
	printf("<rect x='%d' y='%d' width='%d' height='%d' rx='6' fill='%s' stroke='#345'/>\n", x, y, BOX_W, BOX_H,
	       fill);
	printf("<text x='%d' y='%d' class='n'>%s</text><text x='%d' y='%d' class='f'>%s</text>\n", x + 10, y + 18,
	       s->name, x + BOX_W - 10, y + 18, s->file);
	printf("<text x='%d' y='%d' class='w'>%s</text>\n", x + 10, y + 36, s->what);
}

/* Reasons beside the box, a few to a line. */
static void drops(const struct stage *s, int x, int y)
{
	char line[64] = "";
	const char *word = s->drops;
	int row = 0;

	while (*word) {
		size_t len = strcspn(word, " ");

		if (strlen(line) + len > 60) {
			printf("<text x='%d' y='%d' class='d'>%s</text>\n", x, y + 12 + 13 * row++, line);
			line[0] = '\0';
		}
		strncat(line, word, len);
		strcat(line, " ");
		word += len + (word[len] == ' ');
	}
	if (line[0])
		printf("<text x='%d' y='%d' class='d'>%s</text>\n", x, y + 12 + 13 * row, line);
}

static void arrow(int x1, int y1, int x2, int y2)
{
	printf("<line x1='%d' y1='%d' x2='%d' y2='%d' stroke='#345' marker-end='url(#a)'/>\n", x1, y1, x2, y2);
}

int main(void)
{
	int y = TOP, branch_y = 0, branch_last = 0, after_branch = 0;

	printf("<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif'>\n", WIDTH,
	       TOP + STEP * (N_STAGES - 3) + 20);
	printf("<style>.n{font-weight:bold;font-size:14px}.f{font-size:11px;fill:#567;text-anchor:end}.w{font-size:12px}"
	       ".d{font-size:11px;fill:#a22}.h{font-size:13px;fill:#345}</style>\n");
	printf("<defs><marker id='a' markerWidth='8' markerHeight='8' refX='7' refY='4' orient='auto'>"
	       "<path d='M0,0 L8,4 L0,8 z' fill='#345'/></marker></defs>\n");
	printf("<text x='%d' y='24' class='h'>every frame</text><text x='%d' y='24' class='h'>a flow's first frame, and its "
	       "first after any change</text>\n",
	       LEFT, RIGHT);
	printf("<text x='%d' y='44' class='d'>red: the named drops of a stage</text>\n", LEFT);
	for (int i = 0; i < N_STAGES; i++) {
		const struct stage *s = &stages[i];

		if (strcmp(s->when, "first_frame") == 0) {
			if (branch_last == 0)
				arrow(LEFT + BOX_W, y - STEP + BOX_H / 2, RIGHT, y - STEP + BOX_H / 2);
			branch_y = branch_last ? branch_last + BRANCH_STEP : y - STEP;
			box(s, RIGHT, branch_y, "#fdf3d8");
			drops(s, RIGHT + 60, branch_y + BOX_H + 4);
			if (branch_last)
				arrow(RIGHT + 40, branch_last + BOX_H, RIGHT + 40, branch_y);
			branch_last = branch_y;
			after_branch = 1;
			continue;
		}
		box(s, LEFT, y, strcmp(s->when, "every_frame") == 0 ? "#dcebf7" : "#eef2f5");
		drops(s, LEFT + BOX_W + 8, y + 4);
		if (y > TOP)
			arrow(LEFT + 40, y - STEP + BOX_H, LEFT + 40, y);
		if (after_branch) /* back to the column that every frame goes through */
			arrow(RIGHT, branch_last + BOX_H / 2, LEFT + BOX_W, y + BOX_H / 2);
		after_branch = 0;
		y += STEP;
	}
	printf("</svg>\n");
	return 0;
}
