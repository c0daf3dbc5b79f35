{{/*
A service beside the workers that keeps something on a volume: StatefulSet, Service, account, budget and Ingress; given
  root, component, args
  who          the principal
  service      its values: replicas, settings with the places that the chart decides, resources, extraEnv…
  volume       name, size, storageClassName, and `keep`: whether it outlives the release, as what cannot be made again must
  port         name and number of the port for users; without one, only health checks and metrics are served
  sticky       whether a client always gets to the same replica
  annotations  of the pod
*/}}
{{- define "news.served" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- $full := printf "%s-%s" (include "news.fullname" $root) .component }}
{{- $about := dict "root" $root "who" .who "service" $service "snapshots" "none" }}
{{- $settings := mergeOverwrite (dict "NEWS_WEB__PORT" "9464" "NEWS_SHUTDOWN__GRACE_SECS" "25") (deepCopy $root.Values.settings) (deepCopy $service.settings) }}
{{- $component := printf "app.kubernetes.io/component: %s" .component }}
{{- $labels := printf "%s\n%s" (include "news.labels" $root) $component }}
{{- $selector := printf "%s\n%s" (include "news.selector" $root) $component }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $full }}
  labels:
    {{- $labels | nindent 4 }}
spec:
  replicas: {{ $service.replicas }}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      {{- $selector | nindent 6 }}
  serviceName: {{ $full }}
  podManagementPolicy: Parallel # replicas do not depend on each other
  updateStrategy: {type: RollingUpdate}
  {{- if .volume.keep }}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
  {{- else }}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete} # it can always be made again
  {{- end }}
  volumeClaimTemplates:
    - metadata:
        name: {{ .volume.name }}
        labels:
          {{- include "news.selector" $root | nindent 10 }}
      spec:
        accessModes: [ReadWriteOnce]
        {{- with .volume.storageClassName }}
        storageClassName: {{ . }}
        {{- end }}
        resources:
          requests: {storage: {{ .volume.size }}}
  template:
    metadata:
      labels:
        {{- $labels | nindent 8 }}
      {{- with .annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ $full }}
      {{- include "news.podSecurity" $root | nindent 6 }}
      terminationGracePeriodSeconds: {{ add (get $settings "NEWS_SHUTDOWN__GRACE_SECS" | float64 | ceil | int) $root.Values.terminationGraceExtraSeconds }}
      containers:
        - name: {{ .component }}
          args: {{ .args | toJson }}
          ports:
            - {name: http, containerPort: {{ get $settings "NEWS_WEB__PORT" }}}
            {{- with .port }}
            - {name: {{ .name }}, containerPort: {{ .number }}}
            {{- end }}
          startupProbe:
            httpGet: {path: /startupz, port: http}
            {{- toYaml $root.Values.probes.startup | nindent 12 }}
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            {{- toYaml $root.Values.probes.readiness | nindent 12 }}
          livenessProbe:
            httpGet: {path: /livez, port: http}
            {{- toYaml $root.Values.probes.liveness | nindent 12 }}
          {{- include "news.container" $about | nindent 10 }}
      volumes:
        {{- include "news.volumes" $about | nindent 8 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $full }}
  labels:
    {{- $labels | nindent 4 }}
spec:
  {{- if not .port }}
  clusterIP: None
  {{- end }}
  selector:
    {{- $selector | nindent 4 }}
  {{- if .sticky }}
  sessionAffinity: ClientIP # a client comes back to the replica that knows it
  {{- end }}
  ports:
    {{- if .port }}
    - {name: {{ .port.name }}, port: {{ .port.number }}, targetPort: {{ .port.name }}}
    {{- else }}
    - {name: http, port: {{ get $settings "NEWS_WEB__PORT" }}, targetPort: http}
    {{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $full }}
  labels:
    {{- $labels | nindent 4 }}
  {{- with merge (deepCopy $service.serviceAccountAnnotations) (deepCopy $root.Values.serviceAccount.annotations) }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- if $root.Values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $full }}
  labels:
    {{- $labels | nindent 4 }}
spec:
  maxUnavailable: {{ $root.Values.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- $selector | nindent 6 }}
{{- end }}
{{- if and .port $service.ingress $service.ingress.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $full }}
  labels:
    {{- $labels | nindent 4 }}
  {{- with $service.ingress.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $service.ingress.className }}
  ingressClassName: {{ . }}
  {{- end }}
  {{- $host := required (printf "%s: ingress.host is needed" .component) $service.ingress.host }}
  tls:
    - hosts: [{{ $host }}]
      secretName: {{ required (printf "%s: ingress.tlsSecretName is needed, because credentials are sent in the clear otherwise" .component) $service.ingress.tlsSecretName }}
  rules:
    - host: {{ $host }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ $full }}
                port: {name: {{ .port.name }}}
{{- end }}
{{- end -}}
