"""The digits that come with sooner are scikit-learn's, to the last grey value."""

import numpy as np
from sklearn.datasets import load_digits

from sooner.tasks import load_data
from sooner.tasks._digits import _FILE


def test_the_file_is_the_data_set_of_scikit_learn() -> None:
    images, targets = load_digits(return_X_y=True)
    with np.load(_FILE) as file:
        np.testing.assert_array_equal(file["images"].reshape(1797, 64), images)
        np.testing.assert_array_equal(file["targets"], targets)


def test_it_is_the_data_that_races_of_earlier_versions_ran_on() -> None:
    assert load_data("digits").fingerprint == "429ede753395423a0ad1a93585f4cbb1"
