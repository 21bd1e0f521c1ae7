-- The one door's last step, in one round trip: everything that an act writes (kiban.cases.door calls it).
--
-- p_scope: the sealed partition. p: what to write (kiban.cases.writing builds it; bytes in hex, sealed content in
-- base 64). Runs with the rights of its caller, so that row-level security holds. An act that was done before with
-- the same key raises KB001; a case that has moved on raises KB002. Nothing is written then.
DROP FUNCTION IF EXISTS kiban_append(text, jsonb, text[], bytea[], bytea[], bytea[]);
CREATE OR REPLACE FUNCTION kiban_append(p_scope text, p jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    b text := p->>'body';
    c jsonb := p->'case';
    e jsonb := p->'event';
    i jsonb := p->'key';
    case_uuid uuid := (c->>'id')::uuid;
    number_of_event integer := (e->>'seq')::integer;
    moment timestamptz := (e->>'at')::timestamptz;
    work jsonb;
BEGIN
    PERFORM set_config('kiban.scope', p_scope, true);

    INSERT INTO cases_idempotency (body, actor, route, key, digest, case_id, answer, at)
    VALUES (b, i->>'actor', i->>'route', i->>'key', decode(i->>'digest', 'hex'), case_uuid, p->'answer', moment)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this key was used before' USING ERRCODE = 'KB001';
    END IF;

    IF number_of_event = 1 THEN
        INSERT INTO cases_case (body, id, service, procedure, edition, number, state, final, document, title,
                                subject, party, opened_at, updated_at, seq, head, rooted, due_on)
        VALUES (b, case_uuid, c->>'service', c->>'procedure', c->>'edition', c->>'number', c->>'state',
                (c->>'final')::boolean, c->'document', c->>'title', c->>'subject', c->>'party', moment, moment, 1,
                decode(e->>'hash', 'hex'), 0, (c->>'due_on')::date);
    ELSE
        UPDATE cases_case SET state = c->>'state', final = (c->>'final')::boolean, document = c->'document',
               title = c->>'title', subject = c->>'subject', seq = number_of_event, party = c->>'party',
               -- what the office does for itself (kiban.kernel.office) is no change that others see
               updated_at = CASE WHEN e->>'act' LIKE 'office.%' THEN updated_at ELSE moment END,
               head = decode(e->>'hash', 'hex'), due_on = (c->>'due_on')::date
         WHERE body = b AND id = case_uuid AND seq = number_of_event - 1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the case has moved on' USING ERRCODE = 'KB002';
        END IF;
    END IF;

    INSERT INTO cases_event (body, case_id, seq, act, actor, place, department, at, edition, digests, prev, hash)
    VALUES (b, case_uuid, number_of_event, e->>'act', e->>'actor', e->>'place', e->>'department', moment,
            e->>'edition', e->'digests', decode(e->>'prev', 'hex'), decode(e->>'hash', 'hex'));
    INSERT INTO cases_eventcontent (body, case_id, seq, "group", salt, key_id, nonce, sealed)
    SELECT b, case_uuid, number_of_event, x->>0, decode(x->>1, 'base64'), p->>'key_id', decode(x->>2, 'base64'),
           decode(x->>3, 'base64')
      FROM jsonb_array_elements(p->'contents') AS x;

    work := p->'values';
    IF work IS NOT NULL THEN
        IF number_of_event > 1 THEN
            DELETE FROM cases_casevalue v
             WHERE v.body = b AND v.case_id = case_uuid
               AND v.field IN (SELECT jsonb_array_elements_text(work->'fields'));
        END IF;
        INSERT INTO cases_casevalue (body, service, field, value, case_id)
        SELECT b, c->>'service', x->>0, x->>1, case_uuid FROM jsonb_array_elements(work->'rows') AS x
        ON CONFLICT DO NOTHING;
    END IF;

    work := p->'agenda';
    IF work IS NOT NULL THEN
        DELETE FROM cases_agenda a
         WHERE a.body = b AND a.case_id = case_uuid
           AND a.clock IN (SELECT jsonb_array_elements_text(work->'gone'));
        INSERT INTO cases_agenda (body, case_id, clock, at, fired)
        SELECT b, case_uuid, x->>'clock', (x->>'at')::timestamptz, (x->>'fired')::boolean
          FROM jsonb_array_elements(work->'set') AS x
        ON CONFLICT (body, case_id, clock) DO UPDATE SET at = EXCLUDED.at, fired = EXCLUDED.fired,
                      attempts = 0, retry_at = NULL, problem = '';
    END IF;

    work := p->'charges';
    IF work IS NOT NULL THEN
        INSERT INTO cases_charge (body, case_id, name, due, paid, waived, updated_at)
        SELECT b, case_uuid, x->>'name', (x->>'due')::bigint, (x->>'paid')::bigint, (x->>'waived')::bigint, moment
          FROM jsonb_array_elements(work) AS x
        ON CONFLICT (body, case_id, name)
        DO UPDATE SET due = EXCLUDED.due, paid = EXCLUDED.paid, waived = EXCLUDED.waived,
                      updated_at = EXCLUDED.updated_at;
    END IF;

    work := p->'money';
    IF work IS NOT NULL THEN
        PERFORM kiban_enter_money(b, c->>'service', c->>'procedure', case_uuid, number_of_event, moment, e->>'actor',
                                  (work->>'day')::date, work->'rows');
    END IF;

    work := p->'records';
    IF work IS NOT NULL THEN
        PERFORM kiban_change_record(b, c->>'service', x, case_uuid, number_of_event, moment)
           FROM jsonb_array_elements(work) WITH ORDINALITY AS r(x, place) ORDER BY place;
    END IF;

    work := p->'documents';
    IF work IS NOT NULL THEN
        INSERT INTO documents_document (body, id, case_id, seq, service, edition, name, number, code, data, at,
                                        sha256, pdf, unprintable)
        SELECT b, (x->>'id')::uuid, case_uuid, number_of_event, c->>'service', c->>'edition', x->>'name',
               x->>'number', x->>'code', x->'data', moment, '', NULL, '[]'::jsonb
          FROM jsonb_array_elements(work) AS x;
    END IF;

    work := p->'ended';
    IF work IS NOT NULL THEN
        UPDATE documents_document d SET ended_at = moment, ended_seq = number_of_event, replaced_by = (x->>'by')::uuid
          FROM jsonb_array_elements(work) AS x
         WHERE d.body = b AND d.case_id = case_uuid AND d.id = (x->>'id')::uuid AND d.ended_at IS NULL;
    END IF;

    work := p->'notices';
    IF work IS NOT NULL THEN
        INSERT INTO cases_notice (body, id, case_id, seq, name, "to", subject, text, at)
        SELECT b, (x->>'id')::uuid, case_uuid, number_of_event, x->>'name', x->>'to', x->'subject', x->'text', moment
          FROM jsonb_array_elements(work) AS x;
    END IF;

    work := p->'attachments';
    IF work IS NOT NULL THEN
        INSERT INTO cases_attachment (body, sha256, name, type, size, at, holders)
        SELECT b, x->>'sha256', x->>'name', x->>'type', (x->>'size')::bigint, moment, '{}'
          FROM jsonb_array_elements(work) AS x
        ON CONFLICT DO NOTHING;
    END IF;

    work := p->'jobs';
    IF work IS NOT NULL THEN
        INSERT INTO cases_outbox (body, case_id, seq, jobs, at, attempts, retry_at, problem)
        VALUES (b, case_uuid, number_of_event, work, moment, 0, NULL, '');
    END IF;
END
$$;

-- What a record is found by: its scalars as text. `kiban rebuild` asks the same function.
CREATE OR REPLACE FUNCTION kiban_record_values(p_data jsonb) RETURNS TABLE (field text, value text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT f.k, left(f.v #>> '{}', 200) FROM jsonb_each(p_data) AS f(k, v)
     WHERE jsonb_typeof(f.v) IN ('string', 'number', 'boolean')
$$;

-- The rows of an act in the ledger of money. The row of the book is held, so that no day is closed meanwhile.
CREATE OR REPLACE FUNCTION kiban_enter_money(
    b text, p_service text, p_procedure text, p_case uuid, p_seq integer, moment timestamptz, p_actor text,
    p_day date, p_rows jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO money_book (body, service) VALUES (b, p_service) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM money_book k WHERE k.body = b AND k.service = p_service FOR KEY SHARE;
    INSERT INTO money_entry (body, case_id, seq, line, service, procedure, charge, "do", amount, method, reference,
                             receipt, day, book_day, at, actor)
    SELECT b, p_case, p_seq, (x->>'line')::smallint, p_service, p_procedure, x->>'charge', x->>'do',
           (x->>'amount')::bigint, x->>'method', x->>'reference', x->>'receipt', p_day,
           kiban_book_day(b, p_service, p_day), moment, p_actor
      FROM jsonb_array_elements(p_rows) AS x;
END
$$;

-- The day under which money of a day is booked: the first one from it on that is not closed.
CREATE OR REPLACE FUNCTION kiban_book_day(b text, p_service text, p_day date)
RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_day date := p_day;
BEGIN
    WHILE EXISTS (SELECT 1 FROM money_closing k WHERE k.body = b AND k.service = p_service AND k.day = found_day
                     AND k.reopened_at IS NULL) LOOP
        found_day := found_day + 1;
    END LOOP;
    RETURN found_day;
END
$$;

-- One change of a record: the fields in x->'set' (null clears), its version, its history, its values.
CREATE OR REPLACE FUNCTION kiban_change_record(
    b text, p_service text, x jsonb, p_case uuid, p_seq integer, moment timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    given jsonb := x->'set';
    cleared text[];
    now_data jsonb;
    now_version integer;
BEGIN
    SELECT coalesce(array_agg(k), '{}') INTO cleared FROM jsonb_each(given) AS f(k, v) WHERE jsonb_typeof(v) = 'null';
    INSERT INTO registries_record AS r (body, service, registry, key, sort_key, data, version, updated_at)
    VALUES (b, p_service, x->>'registry', x->>'key', x->>'sort_key', given - cleared, 1, moment)
    ON CONFLICT (body, service, registry, key)
    DO UPDATE SET data = (r.data || given) - cleared, version = r.version + 1, updated_at = moment
    WHERE r.data IS DISTINCT FROM (r.data || given) - cleared
    RETURNING r.data, r.version INTO now_data, now_version;
    IF now_version IS NULL THEN
        RETURN;  -- says what the record says already
    END IF;
    INSERT INTO registries_recordversion (body, service, registry, key, version, data, valid_from, recorded_at,
                                          case_id, seq)
    VALUES (b, p_service, x->>'registry', x->>'key', now_version, now_data, (x->>'valid_from')::date, moment,
            p_case, p_seq);
    DELETE FROM registries_recordvalue v
     WHERE v.body = b AND v.service = p_service AND v.registry = x->>'registry' AND v.key = x->>'key'
       AND v.field IN (SELECT jsonb_object_keys(given));
    INSERT INTO registries_recordvalue (body, service, registry, field, value, key)
    SELECT b, p_service, x->>'registry', f.field, f.value, x->>'key' FROM kiban_record_values(given) AS f;
END
$$;

-- Rows of a registry by key, or by equality of fields (p_where as JSON; one scalar of it, p_field = p_value, is
-- looked up by index). A function, so that its plan is kept.
CREATE OR REPLACE FUNCTION kiban_lookup(
    b text, p_service text, p_registry text, p_keys text[], p_field text, p_value text, p_where jsonb, p_most integer
) RETURNS TABLE (record_key text, record_data text) LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_keys IS NOT NULL THEN
        RETURN QUERY SELECT r.key, r.data::text FROM registries_record r
         WHERE r.body = b AND r.service = p_service AND r.registry = p_registry AND r.key = ANY(p_keys)
         ORDER BY r.key LIMIT p_most;
    ELSIF p_field IS NOT NULL THEN
        RETURN QUERY SELECT r.key, r.data::text FROM registries_recordvalue v
          JOIN registries_record r USING (body, service, registry, key)
         WHERE v.body = b AND v.service = p_service AND v.registry = p_registry AND v.field = p_field
           AND v.value = p_value AND r.body = b AND r.data @> p_where
         ORDER BY r.key LIMIT p_most;
    ELSE
        RETURN QUERY SELECT r.key, r.data::text FROM registries_record r
         WHERE r.body = b AND r.service = p_service AND r.registry = p_registry AND r.data @> p_where
         ORDER BY r.key LIMIT p_most;
    END IF;
END
$$;

-- The files among p_digests that p_holder may attach: all of its own partition where it is a party, in a body's
-- those that it has sent itself. A function, so that its plan is kept.
DROP FUNCTION IF EXISTS kiban_held(text, text[]);
CREATE OR REPLACE FUNCTION kiban_held(b text, p_holder text, p_digests text[])
RETURNS TABLE (sha256 text, type text, size bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT a.sha256, a.type, a.size FROM cases_attachment a
     WHERE a.body = b AND a.sha256 = ANY(p_digests) AND (b LIKE 'p-%' OR p_holder = ANY(a.holders));
END
$$;

-- The line of a case in the entered partition of somebody whom it concerns; that of an earlier event never replaces
-- that of a later one. A function, so that its plan is kept.
DROP FUNCTION IF EXISTS kiban_share(
    text, text, uuid, text, text, text, text, text, boolean, text, date, text, integer, timestamptz, timestamptz
);
CREATE OR REPLACE FUNCTION kiban_share(
    b text, p_target text, p_case uuid, p_service text, p_procedure text, p_edition text, p_number text, p_state text,
    p_final boolean, p_title text, p_due_on date, p_why text, p_seq integer, p_at timestamptz, p_changed_at timestamptz,
    p_until date
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO cases_shared AS s (body, target, case_id, service, procedure, edition, number, state, final, title,
                                   due_on, why, seq, at, changed_at, until)
    VALUES (b, p_target, p_case, p_service, p_procedure, p_edition, p_number, p_state, p_final, p_title, p_due_on,
            p_why, p_seq, p_at, p_changed_at, p_until)
    ON CONFLICT (body, target, case_id) DO UPDATE SET procedure = EXCLUDED.procedure, edition = EXCLUDED.edition,
           number = EXCLUDED.number, state = EXCLUDED.state, final = EXCLUDED.final, title = EXCLUDED.title,
           due_on = EXCLUDED.due_on, seq = EXCLUDED.seq, changed_at = EXCLUDED.changed_at, until = EXCLUDED.until
     WHERE s.seq < EXCLUDED.seq;
END
$$;
