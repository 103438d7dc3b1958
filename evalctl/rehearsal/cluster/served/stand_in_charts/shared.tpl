{{- /* What the stand-ins' objects have in common. Values are written as JSON, which is YAML. */ -}}

{{- /* The labels that select pods. */ -}}
{{- define "stand-in.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{- define "stand-in.labels" -}}
{{ include "stand-in.selector" . }}
app.kubernetes.io/version: stand-in
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- /* Name and namespace, which most objects of a chart share. */ -}}
{{- define "stand-in.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "stand-in.labels" . | nindent 2 }}
{{- end }}

{{- /* Those of the named fields that have a value, with the value. */ -}}
{{- define "stand-in.fields" -}}
{{- range $field := .fields }}
{{- with index $.values $field }}
{{ $field }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The fields of a pod that decide where it runs. */ -}}
{{- define "stand-in.placement" -}}
{{- include "stand-in.fields" (dict "values" . "fields" (list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "priorityClassName")) }}
{{- end }}

{{- define "stand-in.disruption" -}}
{{- include "stand-in.fields" (dict "values" . "fields" (list "minAvailable" "maxUnavailable")) }}
{{- end }}

{{- /* A role of the cluster, a service account, and what binds them. */ -}}
{{- define "stand-in.cluster-role-binding" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ .binding }}
  labels:
    {{- include "stand-in.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ .role }}
subjects:
- kind: ServiceAccount
  name: {{ .account }}
  namespace: {{ .root.Release.Namespace }}
{{- end }}
