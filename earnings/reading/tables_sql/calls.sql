SELECT sum(usage.calls)
FROM api_usage AS usage
WHERE usage.api_id = plan.api_id
    AND usage.subscription_id = invoice.subscription_id
    AND usage.hour >= invoice.period_start
    AND usage.hour < invoice.period_end
