"""want.py - what is wanted of a case: a number that each round yields, the bar it is held against, and how that went."""
import statistics


class Want:
    """`value` takes {contender: figures of one round} and gives this round's number."""

    def __init__(self, text, of, value, bar=None, most=False, unit=""):
        self.text, self.of, self.value, self.bar, self.most, self.unit = text, of, value, bar, most, unit

    def judge(self, rounds):
        """The numbers of all rounds that count, their median and spread, and whether the bar is met (None: there is none)."""
        values = [self.value(r) for r in rounds
                  if all(name in r and not r[name]["void"] for name in self.of)]
        judged = {"text": self.text, "bar": self.bar, "most": self.most, "unit": self.unit, "values": values,
                  "rounds": len(rounds), "median": None, "low": None, "high": None, "met": None}
        if values:
            median = statistics.median(values)
            judged.update(median=median, low=min(values), high=max(values))
            if self.bar is not None:
                judged["met"] = median <= self.bar if self.most else median >= self.bar
        return judged


def ratio(over, under, bar=None):
    """Packets per second of one contender over another's in the same round."""
    return Want(f"{over} / {under}", (over, under), lambda r: r[over]["mpps"] / r[under]["mpps"], bar)


def at_least(contender, figure, bar, unit):
    return Want(contender, (contender,), lambda r: r[contender][figure], bar, unit=unit)


def at_most(contender, figure, bar, unit):
    return Want(contender, (contender,), lambda r: r[contender][figure], bar, most=True, unit=unit)


def figure(contender, figure_, what):
    """A number that no bar is set for."""
    return Want(f"{contender}: {what}", (contender,), lambda r: r[contender][figure_])
