-- A CompositeResourceDefinition is healthy when the API server serves both kinds: the composite resource (Established) and, where it
-- names one, the claim (Offered). Argo CD's own check takes either.

local wanted = { "Established" }
if obj.spec.claimNames ~= nil then
  wanted[2] = "Offered"
end

local found = {}
for _, condition in ipairs((obj.status or {}).conditions or {}) do
  found[condition.type] = condition
end

for _, kind in ipairs(wanted) do
  local condition = found[kind] or {}
  if condition.status ~= "True" then
    return { status = "Progressing", message = condition.message or ("Waiting for the condition " .. kind) }
  end
end
return { status = "Healthy", message = "The API is served" }
