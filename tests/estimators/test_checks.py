"""The estimators pass scikit-learn's own checks.

Those that cost most and share their code with others here are run where
$SEQCONV_ALL_CHECKS is set.
"""

import os

import pytest

import seqconv_jax as sc

checks = pytest.importorskip("sklearn.utils.estimator_checks")

# None is expected to fail; a check that does must be named here with its reason.
EXPECTED: dict[str, str] = {}
LATER = {
    "check_dict_unchanged",
    "check_estimators_fit_returns_self",
    "check_estimators_pickle(readonly_memmap=True)",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1sample",
    "check_fit2d_predict1d",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_methods_sample_order_invariance",
    "check_n_features_in",
    "check_n_features_in_after_fitting",
    "check_readonly_memmap_input",
    "check_regressors_int",
    "check_supervised_y_2d",
    "check_classifiers_classes",
    "check_classifiers_train(readonly_memmap=True)",
    "check_classifiers_train(readonly_memmap=True,X_dtype=float32)",
    "check_classifier_data_not_an_array",
    "check_dont_overwrite_parameters",
    "check_dtype_object",
    "check_estimators_dtypes",
    "check_estimators_overwrite_params",
    "check_fit2d_1feature",
    "check_pipeline_consistency",
    "check_positive_only_tag_during_fit",
    "check_regressor_data_not_an_array",
    "check_regressor_multioutput",
    "check_regressors_no_decision_function",
    "check_regressors_train(readonly_memmap=True)",
    "check_regressors_train(readonly_memmap=True,X_dtype=float32)",
}


def name_of(check):
    """Return a check's name, with the options that it is bound to."""
    options = ",".join(f"{key}={value}" for key, value in _options(check).items())
    name = getattr(check, "func", check).__name__
    return f"{name}({options})" if options else name


def _options(check):
    options = getattr(check, "keywords", {})
    return {key: getattr(value, "__name__", value) for key, value in options.items()}


def cases():
    """Yield each estimator with each check."""
    everything = "SEQCONV_ALL_CHECKS" in os.environ
    for kind in (sc.estimators.SequenceClassifier, sc.estimators.SequenceForecaster):
        estimator = kind(epochs=10, random_state=0)
        found = checks.estimator_checks_generator(
            estimator, expected_failed_checks=EXPECTED, mark="xfail"
        )
        for each in found:
            case, check = getattr(each, "values", each)
            name = name_of(check)
            if everything or name not in LATER:
                id = f"{kind.__name__}-{name}"
                yield pytest.param(case, check, id=id, marks=getattr(each, "marks", ()))


@pytest.mark.parametrize(("estimator", "check"), list(cases()))
def test_check(estimator, check):
    check(estimator)
