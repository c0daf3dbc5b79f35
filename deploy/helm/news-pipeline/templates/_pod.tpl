{{/*
What a worker and the topics job have in common: security, variables, volumes; given `root`, `who` (the first stage, or
`operator`), `service` (settings, secretName, extraEnv…) and `snapshots` (none, ephemeral or persistent).
*/}}

{{- define "news.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
# With a process of its own as number 1, a signal that arrives before Python handles it ends the container.
shareProcessNamespace: true
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "news.container" -}}
{{- $values := .root.Values -}}
{{- $credentials := include "news.credentials" . | fromYaml -}}
{{- $service := mergeOverwrite (deepCopy .service) (dict "secretName" $credentials.secretName) -}}
{{- $keeps := ne .snapshots "none" -}}
{{- $about := dict "root" .root "service" $service "clientSecretName" $credentials.clientSecretName "snapshots" $keeps -}}
image: {{ include "news.image" .root }}
imagePullPolicy: {{ $values.image.pullPolicy }}
securityContext:
  {{- toYaml $values.securityContext | nindent 2 }}
env:
  {{- include "news.environment" (include "news.settings" $about | fromYaml) | nindent 2 }}
  {{- with $credentials.scramUser }}
  - {name: NEWS_KAFKA__SASL_USERNAME, value: {{ . | quote }}}
  - name: NEWS_KAFKA__SASL_PASSWORD
    valueFrom:
      secretKeyRef: {name: {{ . }}, key: password}
  {{- end }}
  {{- with .service.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml .service.resources | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- if $credentials.secretName }}
  - {name: secrets, mountPath: /etc/news-pipeline/secrets, readOnly: true}
  {{- end }}
  {{- if $values.tls.caSecretName }}
  - {name: ca, mountPath: /etc/news-pipeline/ca, readOnly: true}
  {{- end }}
  {{- if $credentials.clientSecretName }}
  - {name: client, mountPath: /etc/news-pipeline/client, readOnly: true}
  {{- end }}
  {{- if $keeps }}
  - {name: snapshots, mountPath: /var/lib/news-pipeline/snapshots}
  {{- end }}
  {{- with .service.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "news.volumes" -}}
{{- $values := .root.Values -}}
{{- $credentials := include "news.credentials" . | fromYaml -}}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
{{- with $credentials.secretName }}
- name: secrets
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with $values.tls.caSecretName }}
- name: ca
  secret:
    secretName: {{ . }}
    items: [{key: {{ $values.tls.caKey }}, path: ca.crt}]
{{- end }}
{{- with $credentials.clientSecretName }}
- name: client
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - {key: {{ $credentials.certificateKey }}, path: tls.crt}
      - {key: {{ $credentials.privateKeyKey }}, path: tls.key}
{{- end }}
{{- if eq .snapshots "ephemeral" }}
- name: snapshots
  emptyDir: {sizeLimit: {{ .service.snapshots.size }}}
{{- end }}
{{- with .service.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
