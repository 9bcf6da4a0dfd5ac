-- Argo CD has no health check for Applications of its own. Without one, the waves of an app of apps do not wait for each other.
-- Healthy means that the Application's present spec has been applied and that what it made is healthy. Argo CD's own example shows
-- status.health alone, which is a new Application's before its first sync, and the earlier spec's after a change.

local status = obj.status or {}
local operation = status.operationState or {}
local sync = status.sync or {}

local function health(code, message)
  return { status = code, message = message or "" }
end

-- Whether all that is set in a is the same in b.
local function is_in(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return a == b
  end
  for key, value in pairs(a) do
    if not is_in(value, b[key]) then
      return false
    end
  end
  return true
end

-- Whether that record of a comparison or a sync is of the present spec.
local function is_present(record)
  record = record or {}
  local one = obj.spec.source == nil or is_in(obj.spec.source, record.source)
  local many = obj.spec.sources == nil or is_in(obj.spec.sources, record.sources)
  return one and many
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "Being deleted")
end

for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "ComparisonError" or condition.type == "InvalidSpecError" or condition.type == "UnknownError" then
    return health("Progressing", condition.message)
  end
end

if operation.phase == "Running" or operation.phase == "Terminating" then
  return health("Progressing", operation.message)
end

local is_synced = sync.status == "Synced" and is_present(sync.comparedTo)
-- A field that another program keeps changing leaves the Application OutOfSync for ever. It has been applied all the same.
local is_applied = operation.phase == "Succeeded" and is_present(operation.syncResult)

if not is_synced and not is_applied then
  if (operation.phase == "Failed" or operation.phase == "Error") and is_present(operation.syncResult) then
    return health("Degraded", operation.message)
  end
  return health("Progressing", "Waiting for the first sync of this spec")
end

local own = status.health or {}
if own.status == nil or own.status == "Missing" or own.status == "Unknown" then
  return health("Progressing", own.message)
end
return health(own.status, own.message)
