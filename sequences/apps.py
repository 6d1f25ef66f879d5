from django.apps import AppConfig


class SequencesConfig(AppConfig):
    name = "sequences"

    def ready(self) -> None:
        from audience import listing, lists, uses
        from audience.bulk import registry, sources
        from messaging import usage
        from sequences import bulk, bulk_moving, bulk_reminders, leaving, receivers  # noqa: F401 - receivers connect themselves
        from sequences.engine.questions import membership_at
        from sequences.reading.templates import uses_of
        from sequences.reading.using import sequences_of_field, sequences_of_values, sequences_of_view

        usage.register(uses_of)
        leaving.register()
        lists.membership_of = membership_at
        listing.sequence_names = bulk.names
        registry.register(
            bulk.AddToSequence(),
            bulk_moving.MoveStays(),
            bulk_reminders.CompleteReminders(),
            bulk_reminders.SkipReminders(),
        )
        sources.register(bulk_reminders.ReminderList(), bulk_moving.Movable())
        uses.register(of_field=sequences_of_field, of_view=sequences_of_view, of_values=sequences_of_values)
