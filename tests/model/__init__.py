"""A naive model of the whole of the rules: the oracle of the engine's property tests.

Plain Python that loops over contacts, as obviously right as it can be made, each rule where its paragraph number stands.
It shares with the product only pure reading: files, calendar, the analysis of templates.
"""
