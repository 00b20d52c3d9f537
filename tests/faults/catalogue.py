"""Which tests show each row of the fault catalogue (a copy of it lies in tests/fixtures/fault-catalogue.md)."""

HERE, TORTURE = "tests/faults/", "tests/torture/"
WIRE, ANSWERS, PEACE = f"{HERE}test_wire.py", f"{HERE}test_answers.py", f"{HERE}test_peace.py"
KEYS, TRUTH, DATABASE = f"{HERE}test_keys.py", f"{HERE}test_truth.py", f"{HERE}test_database.py"
NEIGHBOURS, SIDECAR, SYNC = (
    f"{HERE}test_neighbours.py",
    "tests/test_sidecar.py",
    "tests/core/sync/test_end_to_end_sync.py",
)

# the row's fault, as the catalogue words it → file::test; a row that nothing can show yet names the issue it waits for
ROWS: dict[str, tuple[str, ...]] = {
    "refused, reset, 5xx, hang, slow head/body": (
        f"{WIRE}::test_an_exchange_that_does_not_answer_is_asked_three_times_at_most_and_the_last_good_figures_stay",
        f"{WIRE}::test_an_exchange_that_is_back_is_read_again_as_if_nothing_had_been",
        f"{WIRE}::test_one_struck_request_is_repeated_within_the_slot_and_nobody_notices",
        f"{WIRE}::test_the_screen_shows_the_last_figures_with_their_age_and_says_why",
    ),
    "truncated, half-closed, bad chunks, garbage, empty, BOM, wrong encoding, HTML or text with 200, "
    "200 with error body": (
        f"{WIRE}::test_of_a_bad_answer_nothing_is_stored",
        f"{WIRE}::test_an_error_hidden_in_a_success_counts_as_the_error_it_is",
        f"{WIRE}::test_the_screen_shows_the_last_figures_with_their_age_and_says_why",
    ),
    "429 / 418": (
        f"{PEACE}::test_nobody_asks_an_exchange_again_before_it_allows",
        f"{PEACE}::test_each_further_ban_lasts_twice_as_long",
        f"{PEACE}::test_the_screen_says_until_when_an_exchange_is_left_alone",
    ),
    "maintenance": (f"{PEACE}::test_an_exchange_under_maintenance_is_asked_once_a_minute_and_comes_back_by_itself",),
    "clock wrong, clock jump, DST, time zone": (
        f"{PEACE}::test_a_clock_that_differs_is_measured_and_used",
        f"{PEACE}::test_a_clock_that_jumps_leaves_the_slots_their_pace",
        f"{PEACE}::test_no_local_day_is_missing_or_double_when_clocks_change",
    ),
    "DNS, TLS, proxy failure, redirect": (
        f"{KEYS}::test_a_name_that_does_not_resolve_is_named",
        f"{KEYS}::test_a_certificate_that_nobody_vouches_for_gets_no_key",
        f"{KEYS}::test_a_proxy_that_the_environment_names_is_not_used",
        f"{KEYS}::test_a_redirect_is_not_followed",
    ),
    "bomb, deep nesting, endless headers, absurd numbers": (
        f"{ANSWERS}::test_what_would_swallow_memory_or_time_is_cut_off",
        f"{ANSWERS}::test_the_sidecar_lives_on_after_an_answer_that_was_cut_off",
    ),
    "NaN, negative, wrong type, duplicate keys": (
        f"{ANSWERS}::test_a_wallet_with_an_impossible_value_fails_alone_and_is_carried",
    ),
    "unknown asset, no price": (f"{ANSWERS}::test_a_coin_without_a_price_is_named_and_never_counted_as_zero",),
    "key invalid, revoked, expired, IP refused": (
        f"{KEYS}::test_a_key_that_is_refused_needs_its_owner_and_is_tried_every_quarter_of_an_hour",
    ),
    "one section fails": (f"{ANSWERS}::test_a_section_that_fails_is_carried_marked_on_the_screen_and_back_afterwards",),
    "large move": (
        f"{TRUTH}::test_a_large_move_that_a_second_reading_confirms_is_accepted_and_flagged",
        f"{TRUTH}::test_a_large_move_that_the_next_reading_denies_is_suspect_and_never_in_the_total",
    ),
    "frozen answers": (f"{TRUTH}::test_answers_that_stand_still_for_five_minutes_are_stale_at_the_exchange",),
    "another account's answer": (f"{TRUTH}::test_another_account_s_answer_is_dropped_with_a_critical_alert",),
    "duplicate, late, overlapping, equal, reordered events; page fails midway": (
        f"{TRUTH}::test_a_ledger_in_disorder_ends_as_the_truth",
        f"{TRUTH}::test_a_page_that_fails_midway_leaves_no_gap",
    ),
    "DB locked, down, disk full": (
        f"{DATABASE}::test_a_locked_database_is_asked_again_with_jitter_and_the_slot_is_kept",
        f"{DATABASE}::test_a_tick_on_a_locked_database_neither_crashes_nor_loops",
        f"{DATABASE}::test_a_full_disk_loses_nothing_that_was_stored_and_reading_goes_on_afterwards",
        f"{DATABASE}::test_a_server_that_hangs_up_on_everybody_is_found_again",
        "tests/core/sync/test_patience.py::test_after_ten_minutes_it_is_given_up",
        f"{DATABASE}::test_a_page_says_that_the_database_does_not_answer_and_shows_no_traceback",
    ),
    "kill -9, power cut, kill in a migration": (
        f"{TORTURE}test_kill.py::test_a_killed_writer_loses_nothing_that_was_seen_and_tears_no_slot",
        f"{TORTURE}test_power.py::test_power_cuts_of_a_file_lose_nothing_that_was_seen_and_tear_no_slot",
        f"{TORTURE}test_power.py::test_power_cuts_of_a_server_lose_nothing_that_was_seen_and_tear_no_slot",
        f"{TORTURE}test_kill.py::test_a_killed_migration_leaves_the_old_schema_or_the_new_one",
    ),
    "two sync processes; one frozen and waking": (
        f"{SIDECAR}::test_a_second_sidecar_on_the_same_file_goes_away_and_sigterm_ends_the_first_one",
        f"{SYNC}::test_an_account_whose_sidecar_died_is_taken_over_and_the_dead_one_s_late_write_is_refused",
    ),
    "SIGTERM": (f"{SIDECAR}::test_a_second_sidecar_on_the_same_file_goes_away_and_sigterm_ends_the_first_one",),
    "one exchange hangs; one account always fails": (
        f"{NEIGHBOURS}::test_an_exchange_that_hangs_leaves_the_others_on_time",
        f"{NEIGHBOURS}::test_an_account_that_always_fails_leaves_its_neighbours_on_time",
    ),
    "webhook target slow or down": ("issue 7",),
}
