"""Where each listed rule is held to its paper: what was shown, and the test or result that shows it.

A rule without evidence is not listed; a test of the repository sees to that, and to it that every place named exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Evidence(NamedTuple):
    """A claim of the paper or a closed form, and where it is tested ("file::test") or measured (a file of results)."""

    claim: str
    where: str


def _tests(file: str, **claims: str) -> tuple[Evidence, ...]:
    """Evidence of one test file: name of the test without "test_" -> claim."""
    return tuple(Evidence(claim, f"tests/{file}.py::test_{test}") for test, claim in claims.items())


_WINDOW = "the window of one pair of spikes, in closed form"
_SUMS = _tests("contract/test_rules", definition_equals_the_papers_sums="the paper's sum over spikes, in every order")
_EQUATION = _tests("rules/test_rate_contract", the_definition_equals_the_papers_equation="the paper's equation")
_RATE_CURVE = _tests("test_plots_rates", the_curve_is_the_equation="the change over the activity, in closed form")
_TWO_CHOICES = _tests("rules/test_reward", a_two_choice_task_is_learned_from_reward="a two-choice task, learned from "
                      "reward and not without")
_GROUPS = _tests("rules/test_reward", a_neuron_learns_which_input_to_answer="which input to answer, learned from "
                 "reward and not from chance")
_REWARDED = _tests("rules/test_reward", reward_multiplies_the_window="the window of pairs times the reward")
_NEST = _tests("rules/test_against_nest", the_page_gives_nests_weights="NEST's weights on the same spikes, with and "
               "without delay, to 1e-10")

#: rule -> evidence
EVIDENCE: Mapping[str, tuple[Evidence, ...]] = MappingProxyType({
    "pair_stdp": _SUMS + _NEST + _tests("test_plots", the_window_of_pair_stdp_is_two_exponentials=_WINDOW) + _tests(
        "rules/test_weight_dependence", additive_weights_become_bimodal="additive weights become bimodal"),
    "triplet_stdp": _SUMS + _NEST + _tests(
        "rules/test_triplet",
        the_data_of_visual_cortex_are_met_within_their_errors="the data of Sjostrom et al. 2001 within their errors; "
        "the sets with all spikes miss one point (40 Hz, -10 ms)",
        triplets_of_spikes_change_hippocampal_synapses_as_published="triplets in hippocampus, to three digits",
        pairs_at_any_rate_change_visual_cortex_synapses_as_published="pairs at 0.1 to 50 Hz, to three digits"),
    "symmetric_stdp": _SUMS + _tests("rules/test_windows", the_window_of_one_pair=_WINDOW),
    "vogels_istdp": _SUMS + _NEST + _tests("rules/test_windows", the_window_of_one_pair=_WINDOW) + _tests(
        "rules/test_vogels", rates_settle_at_rho0="rates settle at rho0, whatever the excitation"),
    "diehl_cook": _SUMS + _tests("rules/test_windows", the_window_of_one_pair=_WINDOW) + (
        Evidence("digits without labels with the released network", "docs/results/mnist_400_published_50ms.json"),),
    "nearest_stdp": _SUMS + _NEST + _tests(
        "rules/test_nearest", pairs_are_those_of_the_paper="the pairs of Morrison et al. 2008, figure 7",
        one_pair_has_the_window_of_pair_stdp=_WINDOW),
    "anti_stdp": _SUMS + _tests("rules/test_windows", the_window_of_one_pair=_WINDOW),
    "power_law_stdp": _SUMS + _NEST + _tests(
        "rules/test_weight_dependence", power_law_stdp_has_its_two_powers_and_its_window=_WINDOW + ", and both powers",
        power_law_weights_have_the_fixed_point_of_the_paper="the fixed point w_0 alpha^(-1/(1 - mu))",
        power_law_weights_become_unimodal="weights become unimodal"),
    "log_stdp": _SUMS + _tests(
        "rules/test_weight_dependence", log_stdp_balances_at_w_0_and_is_sublinear_above=_WINDOW + " and any weight",
        log_stdp_gives_the_weights_a_long_tail="a long tail of strong weights"),
    "rank_order_stdp": _SUMS + _tests(
        "rules/test_rank_order", weights_single_out_what_comes_first="the earliest inputs of a pattern win"),
    "clopath": _tests(
        "rules/test_against_nest", the_page_gives_nests_weights="NEST's weights on the same voltage, to 1e-10"
        ) + _tests(
        "rules/test_clopath", the_six_golden_weights="six weights of NEST's test",
        all_engines_give_the_golden_weight_of_the_same_voltage="one of them on all engines, to 1e-10",
        homeostasis_scales_depression_with_the_square_of_the_mean_depolarisation="homeostasis, in closed form"),
    "sdsp": _tests(
        "rules/test_sdsp", voltage_chooses_the_direction_and_calcium_allows_it="voltage and calcium windows, by hand",
        without_spikes_weights_drift_to_the_nearer_bound_and_stay="two stable states",
        synapses_go_down_at_middling_rates_up_at_high_ones_and_stop_beyond="down, up and stop with the rate"),
    "urbanczik_senn": _tests(
        "rules/test_against_nest", the_page_gives_nests_weights="NEST's weights on the same dendrite, to 1e-10"
        ) + _tests(
        "rules/test_urbanczik_senn", the_change_is_that_of_nests_test="the formula of NEST's test",
        the_change_is_the_gradient_of_the_likelihood_of_the_somas_spikes="the gradient of the soma's likelihood",
        the_dendrite_comes_to_predict_what_the_soma_was_made_to_do="a course of rates, learned from a teacher"),
    "graupner_brunel": _tests(
        "rules/test_graupner_brunel", without_noise_the_drift_is_the_theory_to_one_percent="the analytic change of all "
        "nine sets, to 1 %", sixty_pairs_change_the_synapses_as_the_theory_says="60 pairs with noise, all nine sets"),
    "dopamine_stdp": _tests(
        "rules/test_against_nest", the_page_gives_nests_weights="NEST's weights on the same spikes and "
        "dopamine, to 1e-10") + _tests(
        "rules/test_reward", only_eligibility_remembers_the_pair_until_a_late_reward="the change by a late reward, in "
        "closed form", dopamine_solves_the_distal_reward_problem="the distal reward problem") + _TWO_CHOICES,
    "mstdp": _REWARDED + _GROUPS,
    "mstdpet": _REWARDED + _tests(
        "rules/test_reward", xor_is_learned_from_reward_alone="XOR of rates, as in the paper",
        only_eligibility_remembers_the_pair_until_a_late_reward="the change by a late reward, in "
        "closed form") + _TWO_CHOICES + _GROUPS + (
        Evidence("XOR with 14 seeds, beside reward by chance", "docs/results/xor_reward.json"),),
    "r_max": _tests(
        "rules/test_reward", r_max_proposes_nothing_on_average_and_the_gradient_with_reward="the gradient of the "
        "expected reward", r_max_learns_two_choices_from_reward_alone="a two-choice task, learned from reward and not "
        "from chance"),
    "r_stdp": (*_tests(
        "rules/test_r_stdp", reward_and_punishment_turn_the_order_of_spikes_into_change="all four rates, by hand",
        digits_are_learned_from_reward_and_not_from_random_reward="digits, learned from reward and not from chance"),
        Evidence("the same, three seeds", "docs/results/reward_digits.json")),
    "eprop_online": _tests(
        "rules/test_eprop_online", the_change_is_that_of_the_papers_recursion="the paper's recursion, on every engine",
        the_text_and_going_back_in_time_give_the_same_gradient="the gradient of autograd with the paths cut, to 1e-10"),
    "tsodyks_markram": _tests(
        "rules/test_against_nest", each_spike_sends_what_nests_does="what NEST's two synapses transmit, to 1e-10"
        ) + _tests(
        "rules/test_tsodyks_markram", each_spike_transmits_what_nests_synapse_does="their equations, spike by spike",
        regular_spikes_settle_at_the_analytic_steady_state="the analytic steady state at any rate",
        the_paired_pulse_ratio="the paired pulse ratio, in closed form",
        at_high_rates_a_depressing_synapse_transmits_as_much_per_second_at_any_rate="the limiting frequency",
        engines_transmit_as_defined="the same on every engine, in a network"),
    "hebb": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_rate", hebb_grows_along_the_correlations_as_the_closed_form_says="growth along the correlations"),
    "anti_hebb": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_rate", anti_hebb_answers_only_to_what_is_new="the novelty filter"),
    "oja": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_rate", oja_finds_the_first_principal_component_of_real_data="the first principal component of "
        "digits, cosine > 0.9999"),
    "sanger": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_rate", sanger_finds_the_first_five_in_order="the first five principal components of digits"),
    "bcm": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_rate", bcm_neurons_become_selective="selectivity: one of four patterns, answered with 4"),
    "hard_wta": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_competitive", hard_wta_finds_prototypes_as_k_means_does="prototypes as good as those of k-means"),
    "krotov_hopfield": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_competitive", features_are_better_than_random_ones="features of digits better than random ones") + (
        Evidence("MNIST with 2,000 units", "docs/results/hebbian_mnist_krotov_hopfield.json"),),
    "soft_hebb": _EQUATION + _RATE_CURVE + _tests(
        "rules/test_competitive", features_are_better_than_random_ones="features of digits better than random ones",
        weights_settle_at_length_one="weights settle at length 1") + (
        Evidence("MNIST with 2,000 units", "docs/results/hebbian_mnist_soft_hebb.json"),),
})
