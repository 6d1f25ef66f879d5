"""A naive model of the whole of the rules: the oracle of the engine's property tests.

Plain Python that loops over contacts, as obviously right as it can be made, with the numbers of the paragraphs it
follows. It shares with the product only pure reading: files, calendar, the analysis of templates.
"""
