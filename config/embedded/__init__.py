"""The services Stepwise brings with it: PostgreSQL and a Redis-compatible server, from wheels.

They serve a checkout that has no ``DATABASE_URL`` and ``REDIS_URL``. Nothing here imports Django: the
services have to run before the settings are read.

How they live. One *keeper* process owns both servers of a data folder. Whoever wants them holds a shared lock
on the folder's ``users.lock`` (:func:`config.embedded.services.attach`); the keeper waits for that lock
exclusively. So the servers end when the last user has gone, however it went: a killed user's lock is released
by the kernel, and no list of process ids can be stale.
"""
