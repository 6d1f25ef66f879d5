from django.apps import AppConfig


class SequencesConfig(AppConfig):
    name = "sequences"

    def ready(self) -> None:
        from audience import listing, lists, uses
        from audience.bulk import registry, sources
        from messaging import usage
        from sequences import leaving, receivers  # noqa: F401 - receivers connect themselves
        from sequences.bulk import adding, moving, reminders
        from sequences.engine.questions import membership_at
        from sequences.reading.templates import uses_of
        from sequences.reading.using import sequences_of_field, sequences_of_values, sequences_of_view

        usage.register(uses_of)
        leaving.register()
        lists.membership_of = membership_at
        listing.sequence_names = adding.names
        registry.register(
            adding.AddToSequence(),
            moving.MoveStays(),
            reminders.CompleteReminders(),
            reminders.SkipReminders(),
        )
        sources.register(reminders.ReminderList(), moving.Movable())
        uses.register(of_field=sequences_of_field, of_view=sequences_of_view, of_values=sequences_of_values)
