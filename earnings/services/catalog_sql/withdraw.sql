-- Delete ownerships that haven't begun.
DELETE FROM api_ownerships AS ownership
USING apis AS api, unnest(%(apis)s::text[], %(moments)s::timestamptz[]) AS withdrawn (api, owned_from)
WHERE api.external_id = withdrawn.api
    AND ownership.api_id = api.id
    AND ownership.owned_from = withdrawn.owned_from
