"""The settings of Argo CD that this plane's sync waves need.

A wave ends when Argo CD finds its objects healthy, and fails when it finds one degraded. So each check
here must see at once what is ready, and must not call a start a failure. By default Argo CD does not check
the health of Applications at all: the root Application would create all of them at once. `CONFIG` goes into the ConfigMap `argocd-cm` and `PARAMETERS` into
`argocd-cmd-params-cm`. Without them a new cluster still becomes complete, because every Application
retries until what it needs exists. They order only what the root Application creates: on later merges
each app syncs on its own, at its own time.
"""

# The check in Argo CD's manual reads the child's health alone, which is Healthy while objects are
# missing (since 3.4) or a hook still runs. The root Application manages itself: a sync that changes it and then
# prunes another object would wait until its own operation has ended, for ever.
_APPLICATION_HEALTH = """\
local own = obj.metadata
local itself = (own.name or "") .. ":argoproj.io/Application:" .. (own.namespace or "") .. "/" .. (own.name or "")
if (own.annotations or {})["argocd.argoproj.io/tracking-id"] == itself then
  return {status = "Healthy", message = "manages itself"}
end
local health = {status = "Progressing", message = "waiting for its first sync"}
local status = obj.status
if status == nil or status.health == nil or status.sync == nil then
  return health
end
local operation = status.operationState
health.message = status.health.message or ""
if status.health.status == "Degraded" then
  health.status = "Degraded"
elseif operation ~= nil and operation.phase == "Running" then
  health.message = "syncing"
elseif status.sync.status ~= "Synced" then
  health.message = "not in sync"
elseif status.health.status == "Healthy" then
  health.status = "Healthy"
end
return health
"""

# Argo CD's own check waits until it has seen that a definition is served. It sees that late: each change
# of a definition makes it read the whole API again before it takes the next change, about a second each.
# Nothing makes it look again afterwards but the periodic refresh, minutes later, because definitions are
# the only objects without the mark of their Application (Argo CD 3.5, `reposerver/repository`, `IsCRD`).
# The sync itself has already waited until the API serves the definition (`ensureCRDReady`), so only what
# can go wrong with one counts here.
_DEFINITION_HEALTH = """\
if obj.metadata.deletionTimestamp ~= nil then
  return {status = "Progressing", message = "being deleted"}
end
for _, condition in ipairs(obj.status and obj.status.conditions or {}) do
  if (condition.type == "NamesAccepted" and condition.status == "False")
    or (condition.type == "NonStructuralSchema" and condition.status == "True") then
    return {status = "Degraded", message = condition.message}
  end
end
return {status = "Healthy", message = "accepted"}
"""

# Argo CD's own checks call two starts a failure, and a first sync fails. An autoscaler has no CPU samples
# in the first minute of its pods, and none while the server of its metrics restarts. Prometheus has no pod
# that is ready before its volume is attached. A failure that lasts is Degraded here too, at the first
# refresh after this time; WorkersNotScaled and the dead man's switch report it as well.
# A new autoscaler that brings its minimum of pods has AbleToScale for 15 seconds before it reads its first metrics, so
# that condition alone lets no wave begin (seen in a rehearsal of prod).
# A condition has the time of its last change. In Argo CD, Lua has no string functions, and times in this
# form sort as text. `os` must be required; its date is the local time, UTC in the image.
GRACE_SECONDS = 300
_LONG_AGO = f"""\
local os = require("os")
local long_ago = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - {GRACE_SECONDS})
"""

_AUTOSCALER_HEALTH = (
    _LONG_AGO
    + """\
local health = {status = "Progressing", message = "waiting for its first metrics"}
for _, condition in ipairs(obj.status and obj.status.conditions or {}) do
  local counts = condition.type == "AbleToScale" or condition.type == "ScalingActive"
  if counts and condition.status == "False" and condition.reason ~= "ScalingDisabled" then
    local lasts = condition.lastTransitionTime < long_ago
    return {status = lasts and "Degraded" or "Progressing", message = condition.message}
  end
  if condition.type == "ScalingActive" then
    health = {status = "Healthy", message = condition.message}
  end
end
return health
"""
)

_PROMETHEUS_HEALTH = (
    _LONG_AGO
    + """\
for _, condition in ipairs(obj.status and obj.status.conditions or {}) do
  if condition.type == "Available" and condition.status == "True" then
    return {status = "Healthy", message = "all pods are ready"}
  elseif condition.type == "Available" then
    local lasts = condition.lastTransitionTime < long_ago
    return {status = lasts and "Degraded" or "Progressing", message = condition.reason}
  end
end
return {status = "Progressing", message = "waiting for its operator"}
"""
)

_HEALTH = "resource.customizations.health"
CONFIG = {
    f"{_HEALTH}.apiextensions.k8s.io_CustomResourceDefinition": _DEFINITION_HEALTH,
    f"{_HEALTH}.argoproj.io_Application": _APPLICATION_HEALTH,
    f"{_HEALTH}.autoscaling_HorizontalPodAutoscaler": _AUTOSCALER_HEALTH,
    f"{_HEALTH}.monitoring.coreos.com_Prometheus": _PROMETHEUS_HEALTH,
}

# By default a sync waits for a wave without a limit, and takes no newer commit while it waits.
PARAMETERS = {"controller.sync.timeout.seconds": "1800"}
