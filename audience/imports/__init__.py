"""Import of contacts and companies: reading a file, matching its columns, typed values, writing by sets."""
