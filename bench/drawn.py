"""The rows of the workspace of the figures of pages, drawn in SQL: the same numbers in every run."""

from __future__ import annotations

_FIRST = "Anna Ben Carla David Elena Felix Greta Hugo Ines Jonas Klara Leon Marta Nils Olga Paul Rosa Samuel Tina Uwe"
_LAST = "Adler Becker Costa Dubois Evans Fischer Garcia Horn Ivanov Jensen Keller Lopez Moreau Novak Ortega Petit Rossi"
_ENDS = ",s,son,berg,mann,er,ova,sen,ski,ez,eau,ini,us,al,ung"
_SECOND = ",-Wolf,-Lang, Ruiz,-Holm"
FIRST = [name + end for end in _ENDS.split(",") for name in _FIRST.split()]
LAST = [
    name + end + second for second in _SECOND.split(",") for end in _ENDS.split(",") for name in _LAST.split()
]
_JOBS = "Engineer,Sales Manager,Head of Sales,Buyer,Head of Procurement,Owner,Marketing Manager,CTO,Assistant,Analyst"
_CITIES = "Berlin,Madrid,Paris,Lyon,Hamburg,Porto,Milan,Vienna,Gdansk,Oslo,Cork,Ghent,Turin,Graz,Malmo,Bern,Nice,Bonn"
_COUNTRIES = "Germany,Spain,France,Italy,Portugal,Austria,Poland,Norway,Ireland,Belgium,Sweden,Switzerland"
JOBS, CITIES, COUNTRIES = _JOBS.split(","), _CITIES.split(","), _COUNTRIES.split(",")
STAGES = ("Lead", "Prospect", "Qualified", "Customer", "Churned", "Partner")
TIERS = ("Basic", "Plus", "Premium")
LABELS = ["vip", "newsletter", "webinar", "fair-2025", "beta", *(f"list-{n}" for n in range(55))]

COMPANIES = """
INSERT INTO audience_account (name, website, industry, country, city, employees, owner_id, created_at)
SELECT 'Company ' || i, 'https://c' || i || '.example', 'Industry ' || i %% 30,
       (%(countries)s::text[])[1 + floor(12 * power({0}, 2))::int], (%(cities)s::text[])[1 + floor(18 * {1})::int],
       5 + floor(2000 * power({2}, 4)), (%(owners)s::bigint[])[1 + i %% cardinality(%(owners)s::bigint[])],
       %(at)s::timestamptz - make_interval(days => 1800 - i * 1800 / %(count)s)
FROM generate_series(1, %(count)s) i
"""
PEOPLE = """
INSERT INTO audience_contact (email, email_norm, first_name, last_name, job_title, phone, country, city, source,
    lifecycle_stage, score, owner_id, account_id, created_at, last_sent_at, last_opened_at, last_clicked_at,
    last_replied_at, last_activity_at, last_contacted_mode, last_activity_type, {slots})
SELECT email, email, first, last, job, phone, country, city, source, stage, score, owner, account, created, sent,
       CASE WHEN d < 0.5 THEN sent + interval '1 hour' END, CASE WHEN d < 0.1 THEN sent + interval '2 hours' END,
       CASE WHEN d < 0.04 THEN sent + interval '5 hours' END, sent,
       CASE WHEN sent IS NULL THEN 'Not yet contacted' ELSE 'Email' END,
       CASE WHEN sent IS NULL THEN '' ELSE 'Email' END, {values}
FROM (
  SELECT *, lower(first || '.' || last || i) || '@c' || coalesce(account, 0) || '.example' AS email,
         CASE WHEN i %% 3 = 0 THEN least(%(at)s::timestamptz,
              created + make_interval(mins => (1 + floor(500000 * c))::int)) END AS sent
  FROM (
    SELECT i, {0} AS a, {1} AS b, {2} AS c, {3} AS d,
           (%(first)s::text[])[1 + floor(cardinality(%(first)s::text[]) * power({4}, 1.5))::int] AS first,
           (%(last)s::text[])[1 + floor(cardinality(%(last)s::text[]) * power({5}, 1.5))::int] AS last,
           (%(jobs)s::text[])[1 + floor(10 * power({7}, 2))::int] AS job,
           CASE WHEN i %% 2 = 0 THEN '+49 30 ' || 1000000 + i ELSE '' END AS phone,
           (%(countries)s::text[])[1 + floor(12 * power({8}, 2))::int] AS country,
           (%(cities)s::text[])[1 + floor(18 * power({9}, 2))::int] AS city,
           CASE i %% 4 WHEN 0 THEN 'Import' WHEN 1 THEN 'Fair' ELSE '' END AS source,
           (%(stages)s::text[])[1 + floor(6 * power({10}, 2))::int] AS stage,
           CASE WHEN {11} < 0.7 THEN floor(100 * {11}) END AS score,
           CASE WHEN {12} < 0.97 THEN
               (%(owners)s::bigint[])[1 + floor(cardinality(%(owners)s::bigint[]) * power({12}, 2))::int] END AS owner,
           CASE WHEN {13} < 0.85 THEN %(company)s + floor(%(companies)s * power({13}, 3))::bigint END AS account,
           %(at)s::timestamptz - interval '5 years' * (%(count)s - i) / %(count)s AS created
    FROM generate_series(1, %(count)s) i) drawn) made
"""
OWN_VALUES = {
    "contract_value": "CASE WHEN a < 0.3 THEN floor(100000 * power(b, 3)) END",
    "renewal_on": "CASE WHEN a < 0.2 THEN date '2026-01-01' + (900 * b)::int END",
    "tier": "CASE WHEN a < 0.5 THEN (ARRAY['Basic', 'Plus', 'Premium'])[1 + floor(3 * b)::int] ELSE '' END",
    "segment": "CASE WHEN c < 0.4 THEN 'Segment ' || floor(400 * power(b, 2)) END",
    "is_partner": "CASE WHEN c < 0.5 THEN c < 0.05 END",
}
TAGGED = """
INSERT INTO audience_contacttag (record_id, field_id, label)
SELECT id, %(field)s, (%(labels)s::text[])[1 + floor(cardinality(%(labels)s::text[]) * power({0}, 2))::int]
FROM (SELECT id, id * 7 + n AS i FROM audience_contact, generate_series(1, 2) n WHERE id %% %(each)s = 0) drawn
ON CONFLICT DO NOTHING
"""
STAYS = """
INSERT INTO sequences_enrollment (sequence_id, contact_id, entered_at, day1_run, state, exited_at, exited_on,
                                  exit_reason, held_reason, held_since)
SELECT %(sequence)s, contact, %(at)s::timestamptz - make_interval(days => %(runs)s - day), day,
       CASE WHEN a < 0.4 THEN 'exited' ELSE 'active' END, CASE WHEN a < 0.4 THEN %(at)s::timestamptz END,
       CASE WHEN a < 0.4 THEN %(at)s::date END,
       CASE WHEN a < 0.03 THEN 'replied' WHEN a < 0.4 THEN 'completed' ELSE '' END,
       CASE WHEN a > 0.99 THEN 'limit' ELSE '' END, CASE WHEN a > 0.99 THEN %(at)s::timestamptz END
FROM (SELECT %(first)s + i * %(every)s AS contact, 1 + floor(%(runs)s * {0})::int AS day, {1} AS a
      FROM generate_series(0, %(count)s - 1) i) drawn
ORDER BY day, contact
"""
STEP_RUNS = """
INSERT INTO sequences_steprun (enrollment_id, key, kind, state, reason, run_id, at, sent_at, opened_at, clicked_at,
                               replied_at)
SELECT id, key, kind, CASE WHEN a < 0.05 THEN 'skipped' ELSE 'executed' END,
       CASE WHEN a < 0.05 THEN 'condition' ELSE '' END, run, at,
       CASE WHEN mails THEN at END, CASE WHEN mails AND b < 0.4 THEN at + interval '1 hour' END,
       CASE WHEN mails AND b < 0.1 THEN at + interval '2 hours' END,
       CASE WHEN mails AND b < 0.02 THEN at + interval '5 hours' END
FROM (
  SELECT e.id, s.key, s.kind, {0} AS a, {1} AS b, s.kind = 'email' AND {0} >= 0.05 AS mails, r.id AS run,
         r.scheduled_for AS at
  FROM sequences_enrollment e
  JOIN steps_step s ON s.plan_id = %(plan)s
  JOIN sequences_run r ON r.sequence_id = e.sequence_id AND r.ordinal = e.day1_run + s.day - 1
  CROSS JOIN LATERAL (SELECT e.id * 31 + s.day AS i) drawn
  WHERE e.sequence_id = %(sequence)s) did
"""
MESSAGES = """
INSERT INTO messaging_message (mailing_id, contact_id, sender_id, mailbox_id, enrollment_id, step_run_id, address_norm,
                               made_at, due_at, state, reason, sent_at, subject)
SELECT %(mailing)s, e.contact_id, %(sender)s, %(mailbox)s, e.id, r.id, 'x' || e.contact_id || '@c.example', r.at, r.at,
       CASE WHEN r.id %% 500 = 0 THEN 'failed' WHEN r.id %% 3001 = 0 THEN 'unknown' ELSE 'sent' END,
       CASE WHEN r.id %% 500 = 0 THEN 'refused' ELSE '' END, r.at, 'Hello'
FROM sequences_enrollment e JOIN sequences_steprun r ON r.enrollment_id = e.id
WHERE e.sequence_id = %(sequence)s AND r.sent_at IS NOT NULL
"""
FACTS = """
INSERT INTO activities_fact (kind, at, contact_id, message_id, enrollment_id)
SELECT 'sent', sent_at, contact_id, id, enrollment_id FROM messaging_message WHERE state = 'sent'
"""


def drawn(sql: str, count: int) -> str:
    """The statement with numbers drawn evenly from 0 to 1 in its places: the same in every run."""
    draws = [f"((hashint8extended(i, {n}) & 2147483647) / 2147483648.0)" for n in range(1, count + 1)]
    return sql.format(*draws, slots="{slots}", values="{values}") if "{slots}" in sql else sql.format(*draws)
