{{/* The environment of a worker as YAML: settings by name, given `root`, `service` and its `stages`. */}}
{{- define "news.settings" -}}
{{- $values := .root.Values -}}
{{- $found := dict "NEWS_WEB__HOST" "0.0.0.0" "NEWS_WEB__PORT" "9464" "NEWS_SHUTDOWN__GRACE_SECS" "25" -}}
{{- $found = mergeOverwrite $found (deepCopy $values.settings) (deepCopy .service.settings) -}}
{{- if .service.secretName -}}
{{- $_ := set $found "NEWS_SECRETS_DIR" "/etc/news-pipeline/secrets" -}}
{{- end -}}
{{- if $values.tls.caSecretName -}}
{{- $_ := set $found "NEWS_KAFKA__SSL_CA_FILE" "/etc/news-pipeline/ca/ca.crt" -}}
{{- end -}}
{{- if .clientSecretName -}}
{{- $_ := set $found "NEWS_KAFKA__SSL_CERT_FILE" "/etc/news-pipeline/client/tls.crt" -}}
{{- $_ := set $found "NEWS_KAFKA__SSL_KEY_FILE" "/etc/news-pipeline/client/tls.key" -}}
{{- end -}}
{{- if .snapshots -}}
{{- $group := ternary "STORIES" "DEDUP" (has "story" .service.stages) -}}
{{- $_ := set $found (printf "NEWS_%s__SNAPSHOT_DIR" $group) "/var/lib/news-pipeline/snapshots" -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{/* Settings as a list of variables, given the YAML of `news.settings`. */}}
{{- define "news.environment" -}}
{{- range $name, $value := . }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}

{{/* The principal of a service or of another user of the topics as a name of a KafkaUser, given `root` and `who`. */}}
{{- define "news.user" -}}
{{- printf "%s%s" .root.Values.strimzi.users.prefix .who -}}
{{- end -}}

{{/* The KafkaUser whose Secret is mounted, or nothing, given `root` and `who`. */}}
{{- define "news.mountedUser" -}}
{{- $strimzi := .root.Values.strimzi -}}
{{- if and $strimzi.users.enabled $strimzi.users.mount -}}
{{- if not (has $strimzi.namespace (list "" .root.Release.Namespace)) -}}
{{- fail "strimzi.users.mount: the user operator makes the Secrets in strimzi.namespace; copy them and set mount: false" -}}
{{- end -}}
{{- include "news.user" . -}}
{{- end -}}
{{- end -}}

{{/* What a pod's credentials are, as YAML: `secretName`, `clientSecretName` with its keys, `user`; given `root`, `who`, `service`. */}}
{{- define "news.credentials" -}}
{{- $tls := .root.Values.tls -}}
{{- $user := include "news.mountedUser" . -}}
{{- $mutual := and $user (eq .root.Values.strimzi.users.authentication "tls") -}}
secretName: {{ .service.secretName | default .root.Values.secretName | quote }}
clientSecretName: {{ ternary $user $tls.clientSecretName (not (not $mutual)) | quote }}
certificateKey: {{ ternary "user.crt" $tls.certificateKey (not (not $mutual)) }}
privateKeyKey: {{ ternary "user.key" $tls.privateKeyKey (not (not $mutual)) }}
scramUser: {{ ternary "" $user (not (not $mutual)) | quote }}
{{- end -}}

{{/* The hubs that push feeds, or nothing. */}}
{{- define "news.hubs" -}}
{{- get (merge (deepCopy .Values.sources.feeds.settings) .Values.settings) "NEWS_WEBSUB__HUBS" -}}
{{- end -}}
