"""What an estimator tells scikit-learn of itself."""

from __future__ import annotations

from sklearn.utils import RegressorTags, Tags, TransformerTags

from plasticity.learner import goals
from plasticity.learner.experiment import Experiment


def tagged(tags: Tags, experiment: Experiment) -> Tags:
    """The tags of a learner of this experiment.

    Samples may be sequences; sparse ones and missing values are refused. Without labels it learns where its way does,
    and then it classifies no better than what it found happens to fit the labels. Losses of values make it a regressor.
    """
    learned = experiment.way.learned
    tags.input_tags.three_d_array = True
    tags.target_tags.required = learned
    tags.transformer_tags = TransformerTags(preserves_dtype=[]) if experiment.way.features else None
    if goals.of_values(experiment):
        tags.estimator_type, tags.classifier_tags = "regressor", None
        tags.regressor_tags, tags.target_tags.multi_output = RegressorTags(), True
    else:
        tags.classifier_tags.poor_score = not learned
    return tags
