-- A claim (AgentExecutor, AgentType), or the composite resource behind it. Healthy means that the present spec serves: Crossplane has seen it, the
-- platform accepts it, and its pods run and scale. Degraded means that waiting does not help: the message says what does.

local status = obj.status or {}

-- Reasons of WorkloadReady that a person has to end.
local LASTING = { RolloutFailed = true, PodsRefused = true, MigrationFailed = true }

local function health(code, message)
  return { status = code, message = message or "" }
end

-- The condition of that type; empty where there is none.
local function condition(kind)
  for _, found in ipairs(status.conditions or {}) do
    if found.type == kind then
      return found
    end
  end
  return {}
end

local synced, ready, valid = condition("Synced"), condition("Ready"), condition("SpecValid")
local workload, scaler, models = condition("WorkloadReady"), condition("ScalerReady"), condition("ModelsConfigured")

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "Being deleted")
end

local annotations = obj.metadata.annotations or {}
if annotations["crossplane.io/paused"] == "true" then
  return health("Suspended", "Paused by the annotation crossplane.io/paused")
end

-- Crossplane v2 says which generation a condition is of; v1.20 says it of none.
for _, of in ipairs({ synced, ready, valid, workload, scaler, models }) do
  if of.observedGeneration ~= nil and of.observedGeneration < obj.metadata.generation then
    return health("Progressing", "Crossplane has not seen the present spec yet")
  end
end

if valid.status == "False" then
  return health("Degraded", valid.message)
end
if workload.status == "False" and LASTING[workload.reason] then
  return health("Degraded", workload.message)
end

-- Unknown: Crossplane could not compose the claim, or not write an object. The claim's Synced stays True then, and Ready as it was.
local composite = obj.spec.resourceRef
for _, of in ipairs({ synced, valid, workload, scaler, models, ready }) do
  if of.status == "Unknown" and composite ~= nil then
    return health("Progressing", "Crossplane cannot write its objects; kubectl describe " .. composite.kind .. " " .. composite.name .. " says why")
  end
  if of.status == "False" then
    return health("Progressing", of.message)
  end
end
if synced.status ~= "True" or ready.status ~= "True" then
  return health("Progressing", "Waiting for Crossplane")
end

-- Crossplane marks the claim with its new generation a moment before it composes it anew. status.image is what runs.
-- An AgentExecutor has its image in spec, an AgentType in spec.agent: its own, or the one that its code runs in.
local agent = obj.spec.agent or {}
local wanted = obj.spec.image or agent.image or (agent.code or {}).runtimeImage
if status.image ~= nil and wanted ~= status.image then
  return health("Progressing", "The present image is not composed yet")
end
return health("Healthy", workload.message)
