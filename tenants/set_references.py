"""SQL of a reference that is checked once a statement: what operations.SetReference makes, and is known by.

A foreign key is checked once a row. For 200,000 rows that a run puts in under one parent, that is 200,000 checks of
one row, and takes longer than to put them in. The triggers here do what the foreign key did, under READ COMMITTED: who
puts in rows locks each of their parents FOR KEY SHARE, in order of id. So whoever deletes one comes before, and the
rows are refused, or after, and finds them.
"""

from __future__ import annotations

from dataclasses import dataclass

CASCADE, SET_NULL, REFUSE = "CASCADE", "SET NULL", "NO ACTION"

SETTINGS = "LANGUAGE plpgsql SECURITY INVOKER SET search_path = public, pg_temp"
# The plan of the first statement serves all later ones, of one row or of many: it must neither read a whole parent that
# was small then, nor compile itself each time.
PLANNED = "SET enable_seqscan = off SET jit = off"

# Every condition names the tenant: inside the cascade of a foreign key PostgreSQL leaves out the policies.
CHECK = """
CREATE FUNCTION {name}() RETURNS trigger {settings} AS $$
DECLARE
    missing bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT a.{column} INTO missing
        FROM (SELECT DISTINCT {columns} FROM added WHERE {column} IS NOT NULL ORDER BY {columns}) a
        WHERE NOT EXISTS (SELECT FROM {parent} p WHERE {fits_a} FOR KEY SHARE) LIMIT 1;
    ELSIF NOT EXISTS (SELECT FROM {parent} p WHERE {fits_new} FOR KEY SHARE) THEN
        missing := NEW.{column};
    END IF;
    IF missing IS NOT NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'insert or update on table "{child}" violates the reference "{name}"',
            DETAIL = format('{column} is %s: no such row of this tenant in "{parent}"{detail}.', missing),
            SCHEMA = TG_TABLE_SCHEMA, TABLE = '{child}', COLUMN = '{column}', CONSTRAINT = '{name}';
    END IF;
    RETURN NULL;
END $$
"""

# The arguments of the functions of the parent: the reference's name, child, column, action.
GONE = f"""
CREATE OR REPLACE FUNCTION set_reference_gone() RETURNS trigger {SETTINGS} AS $$
DECLARE
    those text := format('c.tenant_id = g.tenant_id AND c.%I = g.id', TG_ARGV[2]);
    held bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM gone) THEN
        RETURN NULL;
    ELSIF TG_ARGV[3] = 'CASCADE' THEN
        EXECUTE format('DELETE FROM %I c USING gone g WHERE %s', TG_ARGV[1], those);
    ELSIF TG_ARGV[3] = 'SET NULL' THEN
        EXECUTE format('UPDATE %I c SET %I = NULL FROM gone g WHERE %s', TG_ARGV[1], TG_ARGV[2], those);
    ELSE
        EXECUTE format('SELECT g.id FROM %I c, gone g WHERE %s LIMIT 1', TG_ARGV[1], those) INTO held;
        IF held IS NOT NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('delete on table "%s" violates the reference "%s"', TG_TABLE_NAME, TG_ARGV[0]),
                DETAIL = format('Row %s is still named by "%s"."%s".', held, TG_ARGV[1], TG_ARGV[2]),
                SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_ARGV[1], COLUMN = TG_ARGV[2], CONSTRAINT = TG_ARGV[0];
        END IF;
    END IF;
    RETURN NULL;
END $$
"""

# A TRUNCATE is free of policies, so rows cannot be asked for; of a child that was emptied with it the file is empty.
EMPTIED = f"""
CREATE OR REPLACE FUNCTION set_reference_emptied() RETURNS trigger {SETTINGS} AS $$
BEGIN
    IF pg_relation_size(TG_ARGV[1]::regclass) > 0 THEN
        RAISE feature_not_supported USING
            MESSAGE = format('cannot truncate "%s", to which "%s" refers', TG_TABLE_NAME, TG_ARGV[1]),
            HINT = 'Truncate both in one statement.',
            SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_ARGV[1], COLUMN = TG_ARGV[2], CONSTRAINT = TG_ARGV[0];
    END IF;
    RETURN NULL;
END $$
"""

MOVED = f"""
CREATE OR REPLACE FUNCTION set_reference_moved() RETURNS trigger {SETTINGS} AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = format('the key of a row of "%s" never changes', TG_TABLE_NAME),
        SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_ARGV[1], COLUMN = TG_ARGV[2], CONSTRAINT = TG_ARGV[0];
END $$
"""

SHARED = {"set_reference_gone": GONE, "set_reference_emptied": EMPTIED, "set_reference_moved": MOVED}


@dataclass(frozen=True)
class Reference:
    """``column`` of the table ``child`` names a row of the table ``parent`` of the same tenant.

    ``action``: what happens to rows whose parent is deleted: CASCADE, SET_NULL, or REFUSE to delete it.
    ``agrees``: a column of both tables in which the two rows must not differ, if there is one.
    """

    child: str
    column: str
    parent: str
    action: str
    agrees: str = ""

    @property
    def name(self) -> str:
        """Of the foreign key that it replaces, and of the function that checks."""
        return f"{self.child}_{self.column}_wall"

    @property
    def foreign_action(self) -> str:
        """What follows ON DELETE in the foreign key that does the same."""
        return f"SET NULL ({self.column})" if self.action == SET_NULL else self.action

    @property
    def triggers(self) -> dict[str, tuple[str, str]]:
        """Name → table and definition.

        The row-level ones are for a changed key alone: a statement that names none of its columns does not ask.
        """
        given = ", ".join(f"'{part}'" for part in (self.name, self.child, self.column, self.action))
        made = {
            "added": (
                self.child,
                f"AFTER INSERT ON {self.child} REFERENCING NEW TABLE AS added FOR EACH STATEMENT "
                f"EXECUTE FUNCTION {self.name}()",
            ),
            "changed": (
                self.child,
                f"AFTER UPDATE OF {self._columns(self.column)} ON {self.child} FOR EACH ROW "
                f"WHEN (new.{self.column} IS NOT NULL AND ({self._differs(self.column)})) "
                f"EXECUTE FUNCTION {self.name}()",
            ),
            "gone": (
                self.parent,
                f"AFTER DELETE ON {self.parent} REFERENCING OLD TABLE AS gone FOR EACH STATEMENT "
                f"EXECUTE FUNCTION set_reference_gone({given})",
            ),
            "emptied": (
                self.parent,
                f"AFTER TRUNCATE ON {self.parent} FOR EACH STATEMENT "
                f"EXECUTE FUNCTION set_reference_emptied({given})",
            ),
            "moved": (
                self.parent,
                f"AFTER UPDATE OF {self._columns('id')} ON {self.parent} FOR EACH ROW "
                f"WHEN ({self._differs('id')}) EXECUTE FUNCTION set_reference_moved({given})",
            ),
        }
        return {f"{self.name}_{event}": trigger for event, trigger in made.items()}

    def create(self) -> list[str]:
        """The statements that make it. The rows there are must be right already."""
        return [
            *self.functions().values(),
            *(f"CREATE TRIGGER {name} {definition}" for name, (_, definition) in self.triggers.items()),
        ]

    def drop(self) -> list[str]:
        """The statements that take it away. The functions which all references share stay."""
        return [
            *(f"DROP TRIGGER {name} ON {table}" for name, (table, _) in self.triggers.items()),
            f"DROP FUNCTION {self.name}()",
        ]

    def functions(self) -> dict[str, str]:
        """Name of each function that its triggers call → the statement that makes it."""
        return SHARED | {self.name: self._check()}

    def _check(self) -> str:
        return CHECK.format(
            name=self.name,
            child=self.child,
            column=self.column,
            parent=self.parent,
            columns=self._columns(self.column),
            fits_a=self._fits("a"),
            fits_new=self._fits("NEW"),
            detail=f" with this {self.agrees}" if self.agrees else "",
            settings=f"{SETTINGS} {PLANNED}",
        )

    def check_all(self) -> str:
        """The statement that fails if a row does not agree with its parent; for who sees the rows of all tenants."""
        return (
            f"DO $$ BEGIN IF EXISTS (SELECT FROM {self.child} a WHERE a.{self.column} IS NOT NULL AND NOT EXISTS "
            f"(SELECT FROM {self.parent} p WHERE {self._fits('a')})) THEN RAISE foreign_key_violation USING "
            f'MESSAGE = \'rows of "{self.child}" differ in {self.agrees} from their "{self.parent}"\'; '
            "END IF; END $$"
        )

    def _fits(self, row: str) -> str:
        agrees = f" AND p.{self.agrees} IS NOT DISTINCT FROM {row}.{self.agrees}" if self.agrees else ""
        return f"p.tenant_id = {row}.tenant_id AND p.id = {row}.{self.column}{agrees}"

    def _columns(self, key: str) -> str:
        return ", ".join(self._key(key))

    def _differs(self, key: str) -> str:
        return " OR ".join(f"old.{column} IS DISTINCT FROM new.{column}" for column in self._key(key))

    def _key(self, key: str) -> list[str]:
        return ["tenant_id", key, self.agrees] if self.agrees else ["tenant_id", key]
