"""The verbs on sequences: keyword-only, ``by`` the member who asks, atomic, with an audit line."""
