"""The table of views, and what of it applies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from zoo.errors import PluginError, UnknownName, ZooError
from zoo.plugins import resolve
from zoo.report.plot import Plot
from zoo.spec import ModelSpec
from zoo.views.codes import generated, reconstructions, walk
from zoo.views.curves import curves
from zoo.views.edges import edges
from zoo.views.judged import confusion, mistakes, samples
from zoo.views.layers import filters, maps, parameters, weights
from zoo.views.subject import LeftOut, Subject
from zoo.views.translated import attention, translations
from zoo.views.truth import separability, surface
from zoo.views.words import neighbours, words

VIEWS: dict[str, Callable[[Subject], Plot]] = {
    "curves": curves,
    "samples": samples,
    "confusion": confusion,
    "mistakes": mistakes,
    "translations": translations,
    "attention": attention,
    "words": words,
    "neighbours": neighbours,
    "reconstructions": reconstructions,
    "walk": walk,
    "generated": generated,
    "weights": weights,
    "parameters": parameters,
    "filters": filters,
    "maps": maps,
    "edges": edges,
    "separability": separability,
    "surface": surface,
}
"""Name → what gathers its arrays, or raises `LeftOut`, by properties of what it is given."""


@dataclass(frozen=True)
class Gathered:
    """The views of a subject.

    Args:
        plots: by name, in the table's order.
        left_out: why others do not apply, by name.
    """

    plots: dict[str, Plot] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def views_of(spec: ModelSpec, only: Sequence[str] = ()) -> dict[str, Callable[[Subject], Plot]]:
    """The views of a model: those of the table, and its own.

    Args:
        spec: of the model.
        only: names of views; none given, all.

    Raises:
        UnknownName: there is no such view.
        PluginError: one of its own leads nowhere.
    """
    for name in only:
        if name not in VIEWS and name not in spec.views:
            raise UnknownName("view", name, [*VIEWS, *spec.views], hint="zoo plot --help")
    own = {name: target for name, target in spec.views.items() if not only or name in only}
    chosen = {name: view for name, view in VIEWS.items() if not only or name in only}
    return chosen | {name: resolve(target, owner=spec.id) for name, target in own.items()}


def gather(subject: Subject, only: Sequence[str] = ()) -> Gathered:
    """The views that apply.

    Args:
        subject: what is looked at.
        only: names of views; none given, all.

    Raises:
        UnknownName: there is no such view.
    """
    gathered = Gathered()
    for name, view in views_of(subject.spec, only).items():
        try:
            gathered.plots[name] = view(subject)
        except LeftOut as why:
            gathered.left_out[name] = str(why)
        except Exception as error:
            if name not in subject.spec.views or isinstance(error, ZooError):
                raise
            raise PluginError(f"The view {name} of {subject.spec.id} fails: {type(error).__name__}: {error}.") from error
    return gathered
