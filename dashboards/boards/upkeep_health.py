"""What needs care over time: free space of volumes, and the certificate."""

from dashboards.observable import (
    Alert,
    Chart,
    Observable,
    Promql,
    Severity,
    Threshold,
    ThresholdAlert,
    Unit,
)

LEAST_FREE_SPACE = 0.1  # share of a volume
EXPIRY_WARNING_DAYS = 30  # ACM renews 60 days ahead
EXPIRY_CRITICAL_DAYS = 7


def observables() -> tuple[Observable, ...]:
    return (_volumes(), _certificate())


def _volumes() -> Observable:
    free = "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes"
    return Observable(
        id="volume-free",
        title="Free space of volumes in the cluster",
        meaning="Free share of Prometheus' and Alertmanager's volumes; when full, they lose data.",
        queries=(
            Promql(
                expr=f"min by (namespace, persistentvolumeclaim) ({free})",
                legend="{{persistentvolumeclaim}}",
            ),
        ),
        unit=Unit.RATIO,
        thresholds=(
            Threshold(
                value=LEAST_FREE_SPACE,
                severity=Severity.WARNING,
                reason="Prometheus deletes its oldest data at its size limit, below this line",
                alert=ThresholdAlert(
                    name="VolumeAlmostFull",
                    for_minutes=15,
                    summary="{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left",
                    description="The volume in namespace {{ $labels.namespace }} is almost full.",
                ),
            ),
        ),
        higher_is_better=True,
        what_to_do=(
            "Raise the volume's size in the environment's value; the storage class allows expansion.",
        ),
    )


def _certificate() -> Observable:
    metric = "aws_certificatemanager_days_to_expiry_minimum"
    days = f"min({metric})"
    # ACM reports nothing for an expired certificate (AWS CDK's reference, metricDaysToExpiry). Without the
    # values of the last days the alert would end at the moment of expiry.
    last_days = f"min(last_over_time(({metric} >= 0)[3d:1h]))"
    return Observable(
        id="certificate",
        title="Certificate of the API",
        meaning="Days until the load balancer's certificate expires; ACM renews it 60 days ahead.",
        chart=Chart.STAT,
        queries=(Promql(expr=days, legend="days"),),
        unit=Unit.DAYS,
        thresholds=(
            Threshold(
                value=EXPIRY_WARNING_DAYS,
                severity=Severity.WARNING,
                reason="ACM has failed to renew it for a month",
                alert=ThresholdAlert(
                    name="CertificateNotRenewed",
                    for_minutes=60,
                    summary="The API's certificate expires in {{ $value | humanize }} days",
                    description="ACM should have renewed it a month ago.",
                ),
            ),
            Threshold(
                value=EXPIRY_CRITICAL_DAYS,
                severity=Severity.CRITICAL,
                reason="one week left to renew it by hand",
            ),
        ),
        higher_is_better=True,
        what_to_do=(
            "`aws acm describe-certificate`: the renewal summary contains the reason; usually the DNS "
            "record that proves the name is gone.",
            "If no value is shown, check that the load balancer's certificate exists and has not expired; "
            "otherwise see *Metrics that are missing*.",
        ),
        other_alerts=(
            Alert(
                name="CertificateExpires",
                expr=f"{last_days} < {EXPIRY_CRITICAL_DAYS}",
                for_minutes=60,
                severity=Severity.CRITICAL,
                summary="The API's certificate expires in {{ $value | humanize }} days",
                description="After that, clients cannot connect to the API.",
            ),
            Alert(
                name="CertificateUnknown",
                expr=f"absent({days} >= 0)",
                for_minutes=2 * 24 * 60,  # a new one shows when its first day of UTC is over
                severity=Severity.WARNING,
                summary="The expiry of the API's certificate is unknown",
                description="ACM reports nothing for a certificate that has expired or was deleted.",
            ),
        ),
    )
